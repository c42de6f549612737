import { describe, expect, it } from '@jest/globals';
import { AuditChain, AuditModule } from '@app/audit';
import { BufferModule, DeviceUserBufferService } from '@app/buffer';
import { ConflictModule, ConflictResolutionService } from '@app/conflict';
import { dataSourceOptions, migrate, revertLast } from '@app/database';
import { DevicesModule, DevicesService } from '@app/devices';
import { migrations } from '@app/migrations';
import { SyncCoordinator, SyncCoordinatorModule } from '@app/sync-coordinator';
import { ALL_ENTITIES, createEmptyDatabase, openTestApp } from '@test/support';
import { DataSource, type DataSourceOptions } from 'typeorm';

const [first, ...later] = migrations;

/** Something in every table of the first schema, as the first program had it, with all that is awkward. */
const DATA: readonly string[] = [
  `insert into devices (slug, name, driver, host, port, transport, time_zone, comm_key_encrypted, serial_number, enabled, last_sync_at)
   values ('front-door', 'Front "door"', 'zk', '192.168.1.201', 4370, 'tcp', 'Africa/Addis_Ababa', 'v1.sealed', 'SN1', true, '2026-01-31T09:00:00Z'),
          ('old-hall', 'ህንጻ', 'node-zklib', 'hall.example', 4371, 'udp', null, null, 'SN2', false, null)`,
  `insert into people (person_type, external_reference, name, card_number, active)
   values ('staff', 'E-1', 'José Núñez', '4711', true), ('student', null, 'አበበ በቀለ', null, false)`,
  `insert into user_machine_mapping (device_id, device_user_id, person_id, person_type, adopted, valid_from, valid_to, created_by)
   values (1, '9001', 1, 'staff', '{"name": "Jose"}', '2026-01-01T00:00:00Z', null, 'admin-token'),
          (1, '9002', 2, 'student', '{}', '2025-01-01T00:00:00Z', '2025-06-30T00:00:00Z', 'admin-token')`,
  `insert into device_user_buffer (device_id, device_user_id, slot, name, name_bytes, card_number, privilege, has_pin, discovered_at,
                                   last_seen_at, mapping_status, mapped_to_person_id, mapped_to_person_type, mapped_at, notes)
   values (1, '9001', 7, 'José', '\\x4a6f73c3a9', '4711', 14, true, '2025-12-01T00:00:00Z', '2026-01-31T09:00:00Z', 'mapped', 1, 'staff',
           '2026-01-01T00:00:00Z', 'the head'),
          (1, '9003', 8, null, '\\x', null, 0, false, '2025-12-01T00:00:00Z', '2025-12-02T00:00:00Z', 'unmapped', null, null, null, null)`,
  `insert into sync_locks (lock_key, token, takeovers, last_released_at) values ('device:1', 4711, 3, '2026-01-31T09:00:00Z')`,
  `insert into user_conflicts (device_id, device_user_id, conflict_type, device_data, database_data, detected_at, resolved, resolved_at,
                               resolved_by, resolution_strategy, resolution_notes)
   values (1, '9001', 'attribute_mismatch', '{"name": "José"}', '{"name": "Jose"}', '2026-01-31T09:00:00Z', false, null, null, null, null),
          (1, '9002', 'id_reused', '{"name": "A"}', '{"name": "B"}', '2025-02-01T00:00:00Z', true, '2025-02-02T00:00:00Z', 'admin-token',
           'use_device', 'was right')`,
  `insert into device_user_audit_log (operation_type, device_id, device_user_id, device_user_name, performed_by, service_name, details)
   select 'user_discovered', 1, (9000 + n)::text, 'José', 'system', 'machineSyncService', jsonb_build_object('n', n)
     from generate_series(1, 250) n`,
  `insert into device_user_count_history (device_id, user_count, user_ids, "timestamp")
   values (1, 2, '{9001,9003}', '2026-01-31T09:00:00Z')`,
  `insert into sync_runs (device_id, service, requested_by, started_at, finished_at, outcome, error_code, error_message, lease_token, users_read)
   values (1, 'machineSyncService', 'system', '2026-01-31T09:00:00Z', '2026-01-31T09:00:05Z', 'succeeded', null, null, 4710, 2),
          (1, 'machineSyncService', 'system', '2026-01-31T09:15:00Z', '2026-01-31T09:15:05Z', 'failed', 'device/timeout', 'it was silent', 4711, null)`,
  `insert into admin_tokens (token_hash) values ('${'a'.repeat(64)}')`,
];

const TABLES = [
  'devices',
  'people',
  'user_machine_mapping',
  'device_user_buffer',
  'sync_locks',
  'user_conflicts',
  'device_user_audit_log',
  'device_user_count_history',
  'sync_runs',
  'admin_tokens',
];

async function columnsOf(dataSource: DataSource): Promise<Map<string, string>> {
  const rows = await dataSource.query<{ name: string; columns: string }[]>(
    `select table_name as name, string_agg(quote_ident(column_name), ', ' order by column_name) as columns
       from information_schema.columns where table_schema = 'public' group by table_name`,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** The first schema's columns of the first schema's tables, row by row. */
async function contentOf(
  dataSource: DataSource,
  columns: ReadonlyMap<string, string>,
): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const table of TABLES)
    content[table] = await dataSource.query(`select ${columns.get(table)} from ${table} order by id`);
  return content;
}

describe('an upgrade from the first schema, with data', () => {
  it('loses nothing, and nothing on the way back; what it holds can be worked with', async () => {
    await using database = await createEmptyDatabase();
    const options = dataSourceOptions(database.url);
    const old = new DataSource({ ...options, migrations: [first] } as DataSourceOptions);
    await old.initialize();
    await old.runMigrations();
    for (const statement of DATA) await old.query(statement);
    const columns = await columnsOf(old);
    expect([...columns.keys()].filter((name) => name !== 'migrations').toSorted()).toEqual(TABLES.toSorted());
    const before = await contentOf(old, columns);

    expect(await migrate(database.url)).toEqual(later.map(({ name }) => name));
    expect(await contentOf(old, columns)).toEqual(before);
    await useIt(database.url);

    for (const { name } of later.toReversed()) expect(await revertLast(database.url)).toBe(name);
    const after = await contentOf(old, columns);
    await old.destroy();
    // What using it has added stays: the lease that was taken, and its audit entries.
    const audit = after.device_user_audit_log as unknown[];
    const kept = audit.slice(0, (before.device_user_audit_log as unknown[]).length);
    expect({ ...after, device_user_audit_log: kept, sync_locks: before.sync_locks }).toEqual(before);
    expect(after.sync_locks).toMatchObject([{ lock_key: 'device:1', token: '4712' }]);
    expect(await migrate(database.url)).toEqual(later.map(({ name }) => name));
  });
});

/** The program of today over the data of the first one. */
async function useIt(url: string): Promise<void> {
  const dataSource = new DataSource({ ...dataSourceOptions(url), entities: ALL_ENTITIES } as DataSourceOptions);
  await dataSource.initialize();
  const database = { url, dataSource, [Symbol.asyncDispose]: () => dataSource.destroy() };
  const modules = [AuditModule, BufferModule, ConflictModule, DevicesModule, SyncCoordinatorModule];
  await using app = await openTestApp(modules, { database });
  expect((await app.get(DevicesService).list()).map(({ slug }) => slug)).toEqual(['front-door', 'old-hall']);
  expect((await app.get(DeviceUserBufferService).listBuffer({}, { limit: 10 })).items).toHaveLength(2);
  expect(
    (await app.get(ConflictResolutionService).listConflicts({ resolved: false }, { limit: 10 })).items,
  ).toHaveLength(1);
  // Tokens go on where they were, so that no late writer of before the upgrade comes through.
  const token = await app.get(SyncCoordinator).withLease('device:1', { service: 'test' }, async (lease) => lease.token);
  expect(token).toBe('4712');
  expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
  await dataSource.destroy();
}
