import { migrationStatus } from '@app/database';
import { AppError } from '@app/kernel';
import { DataSource } from 'typeorm';
import { counted } from '../counted.js';
import { type Check, failed, ok, warning } from './check.js';

const OLDEST_VERSION = 150_000;
const NOTABLE_DIFFERENCE_MS = 5_000;

/** Whether the schema is that of this program. */
export async function schemaCheck(url: string): Promise<Check> {
  const name = 'schema';
  try {
    const { applied, pending, unknown } = await migrationStatus(url);
    if (unknown.length > 0)
      return failed(
        name,
        `it is of a newer program (${unknown.join(', ')})`,
        'run that program, or restore a backup of it',
      );
    if (pending.length > 0)
      return failed(name, `${counted(pending.length, 'migration')} not applied yet`, 'holdfast db migrate');
    return ok(name, `${counted(applied.length, 'migration')} applied, the newest ${applied.at(-1)}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return failed(name, error.message, 'see docs/TROUBLESHOOTING.md');
  }
}

/** What a connected database says of itself. */
export async function* databaseChecks(dataSource: DataSource): AsyncGenerator<Check> {
  const [server] = await dataSource.query<
    { version: number; text: string; size: string; role: string; super: boolean }[]
  >(
    `select current_setting('server_version_num')::integer as version, current_setting('server_version') as text,
            pg_size_pretty(pg_database_size(current_database())) as size, current_user as role,
            (select rolsuper from pg_roles where rolname = current_user) as super`,
  );
  const about = `PostgreSQL ${server.text}, ${server.size}, as ${server.role}`;
  yield server.version < OLDEST_VERSION
    ? failed('database', about, 'use PostgreSQL 15 or newer')
    : ok('database', about);
  yield await clockCheck(dataSource);
  const [{ connected }] = await dataSource.query<{ connected: boolean }[]>(
    `select exists (select from pg_stat_activity
                     where datname = current_database() and application_name = 'holdfast-server') as connected`,
  );
  yield connected
    ? ok('servers', 'at least one is connected to this database')
    : warning(
        'servers',
        'none is connected to this database',
        'start one: until then nothing is read and nobody is told',
      );
}

async function clockCheck(dataSource: DataSource): Promise<Check> {
  const before = Date.now();
  const [{ now }] = await dataSource.query<{ now: Date }[]>('select clock_timestamp() as now');
  const differenceMs = now.getTime() - (before + Date.now()) / 2;
  const found = `${Math.abs(Math.round(differenceMs / 1_000))} s between this host and the database`;
  return Math.abs(differenceMs) > NOTABLE_DIFFERENCE_MS
    ? warning('clocks', found, 'set both by NTP: leases go by the clock of the database, logs by that of the host')
    : ok('clocks', found);
}
