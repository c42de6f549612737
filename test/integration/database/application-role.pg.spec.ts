import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { AuditChain } from '@app/audit';
import { assertSchemaCurrent, migrate } from '@app/database';
import { inventPunches, inventUsers, ZkTerminal } from '@app/device-emulator';
import { SystemClock, systemActor } from '@app/kernel';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import { createTestDatabase, deviceOf, openTestApp } from '@test/support';
import { DataSource } from 'typeorm';

it('a server does all its work with the rights of docs/application-role.sql, and cannot change the audit log', async () => {
  const role = `holdfast_app_${randomBytes(4).toString('hex')}`;
  const sql = (await readFile('docs/application-role.sql', 'utf8')).replaceAll('holdfast_app', role);
  const users = inventUsers({ count: 20 });
  const punches = inventPunches(users, { days: 2, until: new Date('2026-01-31T00:00:00Z') });
  await using terminal = await ZkTerminal.start({ users, punches });
  const owners = await createTestDatabase();
  const url = Object.assign(new URL(owners.url), { username: role, password: 'a-password' }).href;
  await owners.dataSource.query(`create role ${role} login password 'a-password'`);
  try {
    // Before the file was run, whoever starts a server is told who has to do what.
    await expect(migrate(url)).rejects.toThrow(
      /permission denied for .*as the owner of the schema.*holdfast db migrate.*docs\/application-role\.sql/,
    );
    for (let time = 0; time < 2; time += 1) await owners.dataSource.query(sql);
    expect(await migrate(url)).toEqual([]);
    // After an upgrade, the file has to be run again; nobody is to find that out in the middle of a run.
    await owners.dataSource.query('create table of_a_later_migration (id bigint)');
    for (const attempt of [migrate(url), assertSchemaCurrent(url)])
      await expect(attempt).rejects.toThrow(/permission denied for table of_a_later_migration; as the owner/);
    await owners.dataSource.query(sql);
    await assertSchemaCurrent(url);
    await using app = await openTestApp([SyncServicesModule], {
      clock: new SystemClock(),
      database: { ...owners, url },
    });
    const run = await app.get(MachineSyncService).syncDevice(await deviceOf(owners.dataSource, terminal), systemActor);
    expect(run).toMatchObject({ totals: { newlyBuffered: 20 }, punches: { imported: punches.length } });
    expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
    const servers = app.get(DataSource);
    for (const statement of [
      'update device_user_audit_log set performed_by = performed_by',
      'delete from device_user_audit_log',
      'truncate device_user_audit_log',
      'alter table device_user_audit_log disable trigger all',
      'set session_replication_role = replica',
      'update audit_blocks set hash = hash',
      'delete from audit_chain_heads',
      'delete from sync_locks',
      'delete from migrations',
    ]) {
      await expect(servers.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
  } finally {
    await owners[Symbol.asyncDispose]();
    await using cluster = await createTestDatabase();
    await cluster.dataSource.query(`drop role ${role}`);
  }
});
