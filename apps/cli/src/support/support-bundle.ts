import { AppConfig, InvalidConfigError } from '@app/config';
import { migrationStatus, openDatabaseServer } from '@app/database';
import { AppError } from '@app/kernel';
import { readProgram } from '@app/program';
import { DataSource } from 'typeorm';
import { openServices } from '../context.js';
import { type Check } from '../doctor/check.js';
import { examine } from '../doctor/examine.js';
import { findConfiguredSecrets, findStoredSecrets } from './known-secrets.js';
import { readLogs } from './log-tail.js';
import { SecretScrubber } from './secret-scrubber.js';

const ABOUT =
  'For whoever helps with Holdfast. Nothing in here was sent anywhere: read it before you give it away. Settings, states ' +
  'and counts, no users: neither names nor PINs, cards, fingerprints or faces. IDs of device users can stand in error ' +
  'messages and logs. Secrets are replaced by (hidden).';

/**
 * What the bundle takes out of the database: columns that are named one by one, so that what is added to a table later is
 * not in it. No table of people, no credential, no name of a device user.
 */
const QUERIES: Readonly<Record<string, string>> = {
  tables: `select relname as name, n_live_tup::float8 as rows, pg_total_relation_size(relid)::float8 as bytes
             from pg_stat_user_tables order by relname`,
  devices: `select id, slug, name, driver, host, port, transport, network, encoding, time_zone, serial_number, model, platform,
                   firmware, enabled, realtime, is_demo, quarantined_at, found_serial_number, clock_drift_seconds, last_sync_at,
                   comm_key_encrypted is not null as has_comm_key
              from devices order by id`,
  terminals: `select serial_number, server, connected_at, last_heard_at, disconnected_at from terminal_presence order by 1`,
  watches: `select device_id, user_count, last_complete_at, failures, incomplete_reads, failing_since, paused_until,
                   last_failure_code, last_failure_reason from device_watch order by device_id`,
  sync_runs: `select id, device_id, service, requested_by, started_at, finished_at, outcome, error_code, error_message,
                     users_read, mapped, unmapped, newly_buffered, invalid, punches_read, punch_error_code
                from sync_runs order by id desc limit 200`,
  errors_of_30_days: `select error_code, count(*)::integer as runs, max(started_at) as last
                        from sync_runs where error_code is not null and started_at > now() - interval '30 days'
                       group by error_code order by 2 desc`,
  leases: `select lock_key, token, acquired_by, acquired_at, expires_at, takeovers from sync_locks order by lock_key`,
  incidents: `select i.id, i.device_id, i.state, i.level, i.opened_at, i.closed_at,
                     (select count(*)::integer from incident_users u where u.incident_id = i.id) as users
                from incidents i order by i.id desc limit 50`,
  conflicts: `select conflict_type, resolved_at is null as open, count(*)::integer as conflicts
                from user_conflicts group by 1, 2 order by 1, 2`,
  buffer: `select device_id, mapping_status, count(*)::integer as users from device_user_buffer group by 1, 2 order by 1, 2`,
  backups: `select device_id, state, trigger, drill_result, count(*)::integer as backups, max(taken_at) as newest
              from device_backups group by 1, 2, 3, 4 order by 1, 2`,
  restores: `select id, device_id, state, created_at from restores order by id desc limit 50`,
  deliveries: `select c.kind, d.state, count(*)::integer as deliveries, max(d.last_error) as an_error
                 from notice_deliveries d join notification_channels c on c.id = d.channel_id group by 1, 2 order by 1, 2`,
  sessions_of_the_database: `select application_name, state, wait_event_type, count(*)::integer as sessions
                               from pg_stat_activity where datname = current_database() group by 1, 2, 3 order by 1, 2`,
};

/** What a support bundle is made of. */
export interface BundleRequest {
  /** Files that the log of a server was written to; the end of each goes in. */
  readonly logs: readonly string[];
  readonly onStage: (text: string) => void;
}

/**
 * Everything that a helper needs and nothing that they must not see, as one JSON document. What cannot be had, such as a
 * database that is down, is told in its place. Changes nothing.
 */
export async function collectBundle({ logs, onStage }: BundleRequest): Promise<unknown> {
  const secrets: string[] = [];
  const config = readConfig();
  if (config) secrets.push(...(await findConfiguredSecrets(config)));
  onStage('looking at the installation');
  const checks: Check[] = [];
  for await (const check of examine()) checks.push(check);
  onStage('reading the database');
  const database = config ? await collectDatabase(config, secrets) : { error: 'the settings are not good' };
  const { version, commit, builtAt } = readProgram();
  const bundle = {
    about: ABOUT,
    made_at: new Date().toISOString(),
    program: { version, commit, built_at: builtAt, node: process.versions.node },
    host: {
      platform: process.platform,
      arch: process.arch,
      time_zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    },
    settings: AppConfig.explainProcess().map(({ variable, value, source }) => ({ variable, value, source })),
    checks,
    database,
    logs: await readLogs(logs),
  };
  return new SecretScrubber(secrets).scrubAll(bundle);
}

function readConfig(): AppConfig | undefined {
  try {
    return AppConfig.fromProcess();
  } catch (error) {
    if (error instanceof InvalidConfigError) return undefined; // the checks tell it
    throw error;
  }
}

async function collectDatabase(config: AppConfig, secrets: string[]): Promise<unknown> {
  try {
    const server = await openDatabaseServer(config);
    try {
      const schema = await migrationStatus(server.url);
      if (schema.pending.length + schema.unknown.length > 0) return { schema };
      const app = await openServices(config, server.url);
      try {
        secrets.push(...(await findStoredSecrets(app)));
        const dataSource = app.get(DataSource);
        const found: Record<string, unknown> = { schema };
        for (const [name, query] of Object.entries(QUERIES))
          found[name] = await dataSource.query<object[]>(query).catch(told);
        return found;
      } finally {
        await app.close();
      }
    } finally {
      await server.stop();
    }
  } catch (error) {
    if (error instanceof AppError) return { error: error.message };
    throw error;
  }
}

/** A part that cannot be had is told in its place; a broken installation is what this is for. */
function told(error: unknown): { readonly error: string } {
  return { error: error instanceof Error ? error.message : String(error) };
}
