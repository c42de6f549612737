import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { AuditChain } from '@app/audit';
import { dataSourceOptions } from '@app/database';
import { SystemClock } from '@app/kernel';
import { SyncCoordinator, SyncCoordinatorModule } from '@app/sync-coordinator';
import { createTestDatabase, openTestApp } from '@test/support';
import { DataSource } from 'typeorm';

const GAP = 1_000_000n;

it('after-restore.sql lets nothing go on from where the dump was, and gives no token and no ID out twice', async () => {
  const sql = await readFile('docs/after-restore.sql', 'utf8');
  await using database = await createTestDatabase();
  // Whoever runs it is no server: psql has a name of its own.
  const psql = new DataSource(dataSourceOptions(database.url, { applicationName: 'psql', poolSize: 1 }));
  await psql.initialize();
  try {
    await psql.query(`insert into notification_channels (name, kind, min_severity) values ('mail', 'log', 'info')`);
    await psql.query(
      `insert into restores (device_id, origin, state, state_hash, requested_by, requested_role, created_at)
       select 1, 'backup', state, '', 'mina', 'administrator', now() from unnest(array['planned', 'running']) state`,
    );
    await psql.query(
      `insert into device_guards (device_id, enabled, changed_by, changed_at) values (1, true, 'mina', now())`,
    );
    const [{ id: before }] = await psql.query(`select id from notification_channels where name = 'mail'`);
    const [{ epoch }] = await psql.query('select epoch from live_event_stream');
    await using app = await openTestApp([SyncCoordinatorModule], { clock: new SystemClock(), database });
    const coordinator = app.get(SyncCoordinator);
    const lease = await coordinator.acquireLock('device:1', { service: 'machineSyncService' });

    await expect(psql.query(sql)).rejects.toThrow(/is connected to this database: stop all of them first/);
    await psql.query('rollback');
    // This test's own connections stay; only what the file asks of them is left out.
    await psql.query(sql.replace("like 'holdfast%'", "like 'nobody'"));

    await expect(lease.transaction(async () => undefined)).rejects.toThrow(/ended before its work did/);
    const next = await coordinator.acquireLock('device:1', { service: 'machineSyncService' });
    expect(BigInt(next.token)).toBe(BigInt(lease.token) + GAP + 1n);
    expect(next.writesNotBefore?.getTime()).toBeGreaterThan(Date.now());
    const [{ id: after }] = await psql.query(
      `insert into notification_channels (name, kind, min_severity) values ('chat', 'log', 'info') returning id`,
    );
    expect(BigInt(after) - BigInt(before)).toBe(GAP + 1n);
    expect(await psql.query('select distinct state from restores')).toEqual([{ state: 'cancelled' }]);
    expect(await psql.query('select enabled from device_guards')).toEqual([{ enabled: false }]);
    expect((await psql.query('select epoch from live_event_stream'))[0].epoch).not.toBe(epoch);
    const told = `select details from device_user_audit_log where operation_type = 'database_restored'`;
    expect((await psql.query(told))[0].details).toMatchObject({ guards_switched_off: [1], restores_cancelled: [1, 2] });
    expect(await new AuditChain(psql).verify()).toMatchObject({ intact: true });
  } finally {
    await psql.destroy();
  }
});
