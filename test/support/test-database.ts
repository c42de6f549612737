import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AAS_ENTITIES } from '@app/aas';
import { ACCOUNT_ENTITIES } from '@app/accounts';
import { AUDIT_ENTITIES } from '@app/audit';
import { BACKUP_ENTITIES } from '@app/backup';
import { BUFFER_ENTITIES } from '@app/buffer';
import { CONFLICT_ENTITIES } from '@app/conflict';
import { dataSourceOptions, migrate } from '@app/database';
import { DEVICE_WRITER_ENTITIES } from '@app/device-writer';
import { DEVICE_ENTITIES } from '@app/devices';
import { DIAL_IN_ENTITIES } from '@app/dial-in';
import { migrations } from '@app/migrations';
import { IDEMPOTENCY_ENTITIES } from '@app/idempotency';
import { LIVE_EVENT_ENTITIES } from '@app/live-events';
import { MONITORING_ENTITIES } from '@app/monitoring';
import { NOTIFICATION_ENTITIES } from '@app/notification';
import { PEOPLE_ENTITIES } from '@app/people';
import { PUNCH_ENTITIES } from '@app/punches';
import { SYNC_COORDINATOR_ENTITIES } from '@app/sync-coordinator';
import { SYNC_SERVICE_ENTITIES } from '@app/sync-services';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** Every entity of the program. */
export const ALL_ENTITIES = [
  ...AAS_ENTITIES,
  ...ACCOUNT_ENTITIES,
  ...AUDIT_ENTITIES,
  ...BACKUP_ENTITIES,
  ...BUFFER_ENTITIES,
  ...CONFLICT_ENTITIES,
  ...DEVICE_ENTITIES,
  ...DEVICE_WRITER_ENTITIES,
  ...DIAL_IN_ENTITIES,
  ...IDEMPOTENCY_ENTITIES,
  ...LIVE_EVENT_ENTITIES,
  ...MONITORING_ENTITIES,
  ...NOTIFICATION_ENTITIES,
  ...PEOPLE_ENTITIES,
  ...PUNCH_ENTITIES,
  ...SYNC_COORDINATOR_ENTITIES,
  ...SYNC_SERVICE_ENTITIES,
];

/** A database of a test file's own. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly dataSource: DataSource;
}

const TEMPLATE_LOCK = 4_370_002;

/** Makes a migrated database by cloning the template, which the first test file makes. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = await ensureTemplate();
  const database = await createEmptyDatabase(template);
  const options = dataSourceOptions(database.url, { applicationName: 'holdfast-test' });
  const dataSource = new DataSource({ ...options, entities: ALL_ENTITIES } as DataSourceOptions);
  await dataSource.initialize();
  return {
    url: database.url,
    dataSource,
    async [Symbol.asyncDispose]() {
      await dataSource.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Makes a database without any table, or a clone of `template`. */
export async function createEmptyDatabase(template = 'template0'): Promise<{ readonly url: string } & AsyncDisposable> {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`;
  await asSuperuser((client) => client.query(`create database ${name} template ${template}`));
  return {
    url: urlOf(name),
    async [Symbol.asyncDispose]() {
      await asSuperuser((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function ensureTemplate(): Promise<string> {
  const name = `holdfast_template_${digestOfMigrations()}`;
  await asSuperuser(async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount) return;
    // Made under another name, so that an interrupted migration is never taken for a template.
    await client.query(`drop database if exists ${name}_new`);
    await client.query(`create database ${name}_new`);
    await migrate(urlOf(`${name}_new`));
    await client.query(`alter database ${name}_new rename to ${name}`);
  });
  return name;
}

/** Another text of any migration is another template. */
function digestOfMigrations(): string {
  const digest = createHash('sha256');
  for (const { name } of migrations) {
    const [, className, timestamp] = /^(.*?)(\d{13})$/.exec(name) ?? [];
    digest.update(readFileSync(`migrations/${timestamp}-${className}.ts`));
  }
  return digest.digest('hex').slice(0, 12);
}

async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run this through `npm test`, which starts a PostgreSQL');
  return url;
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}
