import { randomBytes } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppConfig } from '@app/config';
import { SecretVault } from '@app/devices';
import { createTestDatabase, type TestDatabase, withoutTriggers } from '@test/support';
import { CLI, type Ended, newFolder, removeFolders, Running } from './running.js';

jest.setTimeout(120_000);

/** What must not be in a bundle, wherever it stands: settings, key files, the database, logs. */
const PLANTED = {
  adminToken: 'planted-admin-token-4711',
  adminPassword: 'planted a calm river at dawn',
  aasPassword: 'planted-aas-pw',
  heartbeatUrl: 'https://hc-ping.example/planted-heartbeat-0001',
  tlsKey: `planted${randomBytes(30).toString('base64url')}`,
  vaultKey: randomBytes(32).toString('base64'),
  backupKey: `AGE-SECRET-KEY-1${'PLANTEDQ'.repeat(7)}`,
  commKey: '918273',
  smtpPassword: 'planted"smtp\\password',
  webhookKey: `whsec_${randomBytes(32).toString('base64')}`,
  webhookUrl: 'https://chat.example/hooks/planted-webhook-path',
  botToken: '1234567890:AAplantedBotTokenAAAAAAAAAAAAAAAAAAA',
  slackUrl: 'https://hooks.slack.com/services/T00/B00/plantedSlack',
  ntfyToken: 'tk_plantedNtfyToken01',
  apiKey: 'hf_plantedApiKey0123456789',
  session: 'hs_plantedSession0123456789',
  setupToken: 'setup_plantedSetup0123456789',
  passwordDigest: '$argon2id$v=19$m=19456,t=2,p=1$plantedSalt$plantedDigest',
  pin: '73519246',
  template: Buffer.from('PLANTED-LEFT-THUMB-'.repeat(20)).toString('base64'),
  personName: 'Plantedia Musterfrau',
  deviceUserName: 'Plantedius Mustermann',
  cardNumber: '4081632640',
  databasePassword: 'planted-database-password',
} as const;
/** Where the log can hold it: what the program itself would never write, and what somebody else's message may bring. */
const LOGGED = Object.entries(PLANTED).filter(
  ([name]) => !['personName', 'deviceUserName', 'cardNumber'].includes(name),
);

let database: TestDatabase;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await newFolder();
  await chmod(folder, 0o700);
  for (const [name, text] of [
    ['admin-password', PLANTED.adminPassword],
    ['tls.key', `-----BEGIN PRIVATE KEY-----\n${PLANTED.tlsKey}\n-----END PRIVATE KEY-----`],
    ['holdfast.key', PLANTED.vaultKey],
    ['backup.key', `# created today\n${PLANTED.backupKey}`],
  ] as const)
    await writeFile(join(folder, name), `${text}\n`, { mode: 0o600 });
  env = {
    DATA_DIR: folder,
    DATABASE_URL: database.url,
    ADMIN_TOKEN: PLANTED.adminToken,
    ADMIN_PASSWORD_FILE: join(folder, 'admin-password'),
    AAS_PASSWORD: PLANTED.aasPassword,
    HEARTBEAT_URL: PLANTED.heartbeatUrl,
    AIFACE_TLS_KEY: join(folder, 'tls.key'),
    PORT: '0',
  };
  await plantInDatabase();
  await plantInLog();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await removeFolders();
});

async function plantInDatabase(): Promise<void> {
  const vault = new SecretVault(AppConfig.fromEnv({ DATA_DIR: folder }));
  const run = (sql: string, parameters: readonly unknown[] = []): Promise<unknown> =>
    database.dataSource.query(sql, [...parameters]);
  await run(
    `insert into devices (slug, name, driver, host, port, transport, serial_number, comm_key_encrypted)
     values ('front-door', 'Front door', 'zk', '192.0.2.7', 4370, 'tcp', 'SN0001', $1)`,
    [await vault.close(PLANTED.commKey)],
  );
  for (const [name, kind, settings, secret] of [
    ['mail', 'email', { host: 'mail.example', from: 'a@example.org', to: ['b@example.org'] }, PLANTED.smtpPassword],
    ['hook', 'webhook', { url: PLANTED.webhookUrl }, PLANTED.webhookKey],
    ['bot', 'telegram', { chat_id: '42' }, PLANTED.botToken],
    ['slack', 'slack', {}, PLANTED.slackUrl],
    ['push', 'ntfy', { url: 'https://ntfy.example/topic' }, PLANTED.ntfyToken],
  ] as const)
    await run('insert into notification_channels (name, kind, settings, secret_sealed) values ($1, $2, $3, $4)', [
      name,
      kind,
      JSON.stringify(settings),
      await vault.close(secret),
    ]);
  await run(`insert into people (person_type, name) values ('staff', $1)`, [PLANTED.personName]);
  await run(
    `insert into accounts (name, name_key, role, password_hash, password_changed_at, created_at, created_by)
     values ('mina', 'mina', 'viewer', $1, now(), now(), 'cli')`,
    [PLANTED.passwordDigest],
  );
  await withoutTriggers(database.dataSource, async (tx) => {
    await tx.query(
      `insert into device_user_buffer (device_id, device_user_id, name, card_number, discovered_at, last_seen_at)
       values (1, '9001', $1, $2, now(), now())`,
      [PLANTED.deviceUserName, PLANTED.cardNumber],
    );
    await tx.query(
      `insert into sync_runs (device_id, service, requested_by, started_at, finished_at, outcome, error_code, error_message)
       values (1, 'machineSyncService', 'system', now(), now(), 'failed', 'device/unauthorised', $1)`,
      [
        `the comm key ${PLANTED.commKey} is wrong; postgresql://holdfast:${PLANTED.databasePassword}@db.example/holdfast`,
      ],
    );
  });
}

async function plantInLog(): Promise<void> {
  const shapes: Record<string, (text: string) => object> = {
    pin: (pin) => ({ level: 'error', body: { pin } }),
    databasePassword: (password) => ({ level: 'error', err: `postgresql://holdfast:${password}@db.example/holdfast` }),
  };
  const lines = LOGGED.map(([name, text]) => JSON.stringify((shapes[name] ?? ((msg) => ({ msg })))(text)));
  await writeFile(
    join(folder, 'holdfast.log'),
    `${lines.join('\n')}\n{"msg":"sync run failed","code":"device/timeout"}\n`,
  );
}

function bundle(...args: string[]): Promise<Ended> {
  return new Running(CLI, ['support-bundle', ...args], env).ended;
}

function expectNothingPlanted(text: string): void {
  for (const [name, secret] of Object.entries(PLANTED))
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
      expect({ name, found: text.includes(form) }).toEqual({ name, found: false });
}

describe('support-bundle', () => {
  it(`holds none of ${Object.keys(PLANTED).length} planted secrets, and all that a helper needs`, async () => {
    const file = join(folder, 'bundle.json');
    const { code, stdout, stderr } = await bundle('--out', file, '--log', join(folder, 'holdfast.log'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const text = await readFile(file, 'utf8');
    expectNothingPlanted(text);
    expectNothingPlanted(stderr);
    const parts = JSON.parse(text) as {
      database: Record<string, { error?: string }>;
      logs: { lines: string[] }[];
      checks: object[];
    };
    expect(parts).toMatchObject({
      program: { version: expect.any(String) as unknown },
      database: {
        devices: [{ slug: 'front-door', serial_number: 'SN0001', has_comm_key: true }],
        sync_runs: [{ error_code: 'device/unauthorised' }],
      },
    });
    // Every query is one that this schema can answer.
    expect(Object.entries(parts.database).filter(([, part]) => part.error !== undefined)).toEqual([]);
    expect(parts.logs[0].lines.at(-1)).toBe('{"msg":"sync run failed","code":"device/timeout"}');
    expect(parts.logs[0].lines).toHaveLength(LOGGED.length + 1);
    expect(parts.checks.length).toBeGreaterThan(10);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('writes over no file', async () => {
    const file = join(folder, 'mine.json');
    await writeFile(file, 'mine');
    const { code, stderr } = await bundle('--out', file);
    expect({ code, mine: await readFile(file, 'utf8') }).toEqual({ code: 2, mine: 'mine' });
    expect(stderr).toContain('cannot be written (EEXIST)');
  });

  it('is made without a database too, and tells that there is none', async () => {
    const away = { ...env, DATABASE_URL: `postgresql://holdfast:${PLANTED.databasePassword}@127.0.0.1:1/holdfast` };
    const { code, stdout } = await new Running(CLI, ['support-bundle', '--out', '-'], away).ended;
    expect(code).toBe(0);
    expectNothingPlanted(stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      database: { error: expect.stringContaining('127.0.0.1:1') as unknown },
    });
  });

  it('is made with settings that no server would start with', async () => {
    const { code, stdout } = await new Running(CLI, ['support-bundle', '--out', '-'], {
      ...env,
      BUFFER_RETENTION_DAYS: '1',
    }).ended;
    expect(code).toBe(0);
    expectNothingPlanted(stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: 'settings', verdict: 'failed' })]) as unknown,
    });
  });
});
