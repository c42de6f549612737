import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  assertSchemaCurrent,
  dataSourceOptions,
  DatabaseUnreachableError,
  migrate,
  migrationStatus,
  revertLast,
  SchemaOutdatedError,
  SchemaTooNewError,
} from '@app/database';
import { migrations } from '@app/migrations';
import { ALL_ENTITIES, createEmptyDatabase, createTestDatabase, type TestDatabase } from '@test/support';
import { DataSource, type DataSourceOptions } from 'typeorm';

const NAMES = migrations.map(({ name }) => name);

async function queryOnce<T>(url: string, sql: string): Promise<T[]> {
  const dataSource = new DataSource(dataSourceOptions(url));
  await dataSource.initialize();
  try {
    return await dataSource.query<T[]>(sql);
  } finally {
    await dataSource.destroy();
  }
}

/** Every table, column, constraint, index, function and trigger of the public schema. */
function describeSchema(url: string): Promise<object[]> {
  return queryOnce(
    url,
    `select 'column' as kind, table_name || '.' || column_name as name, data_type || coalesce(column_default, '') || is_nullable as what
       from information_schema.columns where table_schema = 'public' and table_name <> 'migrations'
      union all select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint
       where connamespace = 'public'::regnamespace and conrelid <> coalesce(to_regclass('migrations'), 0)
      union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public' and tablename <> 'migrations'
      union all select 'function', proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace
      union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
      order by 1, 2, 3`,
  );
}

describe('the schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  it('is what the entities say', async () => {
    const options = { ...dataSourceOptions(database.url), entities: ALL_ENTITIES } as DataSourceOptions;
    const dataSource = await new DataSource(options).initialize();
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('holds the tables of requirements, section 5', async () => {
    const tables = await queryOnce<{ name: string }>(
      database.url,
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'device_user_audit_log',
        'device_user_buffer',
        'device_user_count_history',
        'devices',
        'people',
        'sync_locks',
        'sync_runs',
        'user_conflicts',
        'user_machine_mapping',
      ]),
    );
  });

  it.each([
    ['update device_user_audit_log set details = default', /append-only/],
    ['delete from device_user_audit_log', /append-only/],
    ['truncate device_user_audit_log', /append-only/],
    ['delete from sync_locks', /keeps its rows/],
    ['truncate sync_locks', /keeps its rows/],
    ['update sync_locks set token = token - 1', /only grows/],
  ])('refuses: %s', async (sql, reason) => {
    const { dataSource } = database;
    await dataSource.query(
      `insert into device_user_audit_log (operation_type, performed_by, service_name) values ('x', 'x', 'x')`,
    );
    await dataSource.query(`insert into sync_locks (lock_key, token) values ('x', 5) on conflict do nothing`);
    await expect(dataSource.query(sql)).rejects.toThrow(reason);
  });
});

describe('migrating', () => {
  it('undoes with each down what its up did, and applies again', async () => {
    await using database = await createEmptyDatabase();
    const states = [await describeSchema(database.url)];
    expect(await migrate(database.url)).toEqual(NAMES);
    expect(await migrate(database.url)).toEqual([]);
    const whole = await describeSchema(database.url);
    expect(whole.length).toBeGreaterThan(50);
    for (const name of NAMES.toReversed()) expect(await revertLast(database.url)).toBe(name);
    expect(await revertLast(database.url)).toBeUndefined();
    expect(await describeSchema(database.url)).toEqual(states[0]);
    await migrate(database.url);
    expect(await describeSchema(database.url)).toEqual(whole);
  });

  it('happens once when two processes start at the same moment', async () => {
    await using database = await createEmptyDatabase();
    const applied = await Promise.all([migrate(database.url), migrate(database.url)]);
    expect(applied.flat()).toEqual(NAMES);
  });

  it('refuses a database of a newer program and changes nothing in it', async () => {
    await using database = await createEmptyDatabase();
    await expect(assertSchemaCurrent(database.url)).rejects.toThrow(SchemaOutdatedError);
    await migrate(database.url);
    await queryOnce(database.url, `insert into migrations ("timestamp", name) values (9999999999999, 'OfTheFuture')`);
    const before = await describeSchema(database.url);
    for (const work of [migrate, revertLast, assertSchemaCurrent]) {
      await expect(work(database.url)).rejects.toThrow(SchemaTooNewError);
      await expect(work(database.url)).rejects.toThrow(/OfTheFuture; run the newer program/);
    }
    expect(await migrationStatus(database.url)).toMatchObject({ unknown: ['OfTheFuture'], pending: [] });
    expect(await describeSchema(database.url)).toEqual(before);
  });

  it('says that nothing listens, without the password', async () => {
    const attempt = migrate('postgresql://someone:secret-word@127.0.0.1:1/nowhere');
    await expect(attempt).rejects.toThrow(DatabaseUnreachableError);
    await expect(attempt).rejects.toThrow(/nowhere at 127.0.0.1:1 cannot be used: nothing listens there/);
    await expect(attempt).rejects.not.toThrow(/secret-word/);
  });
});
