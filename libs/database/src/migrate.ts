import { DataSource, type MigrationInterface } from 'typeorm';
import { migrations } from '@app/migrations';
import { dataSourceOptions } from './data-source-options.js';
import { DatabaseUnreachableError, SchemaOutdatedError, SchemaTooNewError } from './database.errors.js';
import { SqlState, sqlState } from './sql-state.js';

/** Any number will do, as long as every version of the program uses the same. */
const MIGRATION_ADVISORY_LOCK = 4_370_001;

/** Names of migrations, oldest first. */
export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied, but not known to this program: of a newer one. */
  readonly unknown: readonly string[];
}

/**
 * Brings the schema up to date; gives the names of what was applied now. Two processes that start at once take turns.
 * @throws {DatabaseUnreachableError}
 * @throws {SchemaTooNewError} before anything is changed
 */
export async function migrate(url: string): Promise<string[]> {
  return withDataSource(url, async (dataSource) =>
    holdingLock(dataSource, async () => {
      refuseNewer(await statusOf(dataSource));
      const applied = await dataSource.runMigrations({ transaction: 'each' });
      await refuseWithoutRights(dataSource);
      return applied.map(({ name }) => name);
    }),
  );
}

/** What is applied, what is pending, what is unknown. @throws {DatabaseUnreachableError} */
export async function migrationStatus(url: string): Promise<MigrationStatus> {
  return withDataSource(url, statusOf);
}

/** Undoes the last migration; gives its name, undefined when there is none. @throws {SchemaTooNewError} */
export async function revertLast(url: string): Promise<string | undefined> {
  return withDataSource(url, async (dataSource) =>
    holdingLock(dataSource, async () => {
      const status = await statusOf(dataSource);
      refuseNewer(status);
      if (status.applied.length > 0) await dataSource.undoLastMigration({ transaction: 'each' });
      return status.applied.at(-1);
    }),
  );
}

/** @throws {DatabaseUnreachableError} also without rights @throws {SchemaTooNewError} @throws {SchemaOutdatedError} */
export async function assertSchemaCurrent(url: string): Promise<void> {
  await withDataSource(url, async (dataSource) => {
    const status = await statusOf(dataSource);
    refuseNewer(status);
    if (status.pending.length > 0) throw new SchemaOutdatedError(status.pending);
    await refuseWithoutRights(dataSource);
  });
}

/** A role that was not given the tables of the newest migration would fail much later, in the middle of its work. */
async function refuseWithoutRights(dataSource: DataSource): Promise<void> {
  const rows = await dataSource.query<{ name: string }[]>(
    `select c.relname as name from pg_class c
      where c.relnamespace = to_regnamespace(current_schema()) and c.relkind = 'r'
        and c.relowner = (select relowner from pg_class where oid = to_regclass('migrations'))
        and not has_table_privilege(c.oid, 'select')
      order by c.relname`,
  );
  if (rows.length === 0) return;
  const error = new Error(`permission denied for table ${rows.map(({ name }) => name).join(', ')}`);
  throw Object.assign(error, { code: SqlState.INSUFFICIENT_PRIVILEGE });
}

function refuseNewer(status: MigrationStatus): void {
  if (status.unknown.length > 0) throw new SchemaTooNewError(status.unknown);
}

async function statusOf(dataSource: DataSource): Promise<MigrationStatus> {
  const known = migrations.map((migration) => (new migration() as MigrationInterface).name ?? migration.name);
  const [{ present }] = await dataSource.query<{ present: boolean }[]>(
    `select to_regclass('migrations') is not null as present`,
  );
  const rows = present ? await dataSource.query<{ name: string }[]>('select name from migrations order by id') : [];
  const inDatabase = rows.map(({ name }) => name);
  return {
    applied: inDatabase.filter((name) => known.includes(name)),
    pending: known.filter((name) => !inDatabase.includes(name)),
    unknown: inDatabase.filter((name) => !known.includes(name)),
  };
}

async function withDataSource<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = new DataSource({
    ...dataSourceOptions(url, { applicationName: 'holdfast-migrate', poolSize: 2 }),
    // A migration may take its time, and its turn.
    extra: { lock_timeout: 60_000, statement_timeout: 0 },
  } as ConstructorParameters<typeof DataSource>[0]);
  try {
    await dataSource.initialize();
  } catch (cause) {
    throw DatabaseUnreachableError.from(url, cause);
  }
  try {
    return await work(dataSource);
  } catch (cause) {
    // The role of the servers may neither make tables nor, before application-role.sql was run, look at any.
    if (sqlState(cause) === SqlState.INSUFFICIENT_PRIVILEGE) throw DatabaseUnreachableError.from(url, cause);
    throw cause;
  } finally {
    await dataSource.destroy();
  }
}

async function holdingLock<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const session = dataSource.createQueryRunner();
  try {
    await session.query('select pg_advisory_lock($1)', [MIGRATION_ADVISORY_LOCK]);
    return await work();
  } finally {
    await session.query('select pg_advisory_unlock($1)', [MIGRATION_ADVISORY_LOCK]).catch(() => undefined);
    await session.release();
  }
}
