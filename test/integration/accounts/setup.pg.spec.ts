import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountsModule, AccountsService, ApiKeysService, FirstAdministrator } from '@app/accounts';
import { administrator } from '@app/kernel';
import { ManualClock, openTestApp, type TestApp } from '@test/support';
import { DataSource } from 'typeorm';
import { anAccount, audited, call, HOUR_MS, PASSWORD, signIn, told } from './support.js';

let app: TestApp;
let clock: ManualClock;
let folder: string;
const boss = administrator('test');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-setup-'));
  clock = new ManualClock();
  app = await openTestApp([AccountsModule], { clock, env: { ADMIN_TOKEN: '' } });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  await app.get(DataSource).query('truncate accounts, account_sessions, api_keys, setup_tokens, login_failures');
});

const setUp = (token: string, password = PASSWORD): ReturnType<typeof call> =>
  call(app, 'post', '/api/setup', '').send({ token, name: 'admin', password });

async function shownToken(): Promise<string> {
  const access = await app.get(FirstAdministrator).prepare();
  if (access.kind !== 'setup') throw new Error(`no set-up token, but ${access.kind}`);
  return access.token;
}

describe('the set-up token', () => {
  it('makes the first administrator and signs them in, once; only its digest is stored', async () => {
    const token = await shownToken();
    expect(JSON.stringify(await app.get(DataSource).query('select * from setup_tokens'))).not.toContain(token);
    expect(told(await setUp(token, 'too short'))).toEqual([400, 'accounts/weak-password']);
    const { body } = await setUp(token).expect(201);
    expect(body).toMatchObject({
      name: 'admin',
      role: 'administrator',
      token: expect.stringMatching(/^hs_/) as unknown,
    });
    await call(app, 'get', '/api/accounts', (body as { token: string }).token).expect(200);
    expect(told(await setUp(token))).toEqual([401, 'accounts/setup-token']);
    expect(await app.get(FirstAdministrator).prepare()).toEqual({ kind: 'accounts' });
    expect(await audited(app, 'account_created')).toMatchObject([{ performedBy: 'system' }]);
  });

  it('works for one of several who use it at once', async () => {
    const token = await shownToken();
    const names = Array.from({ length: 4 }, (_, i) => `admin ${i}`);
    const answers = await Promise.all(
      names.map((name) => call(app, 'post', '/api/setup', '').send({ token, name, password: PASSWORD }).then(told)),
    );
    expect(answers.map(([status]) => status).sort()).toEqual([201, 401, 401, 401]);
    expect(await app.get(AccountsService).list()).toHaveLength(1);
  });

  it('is worth nothing after 24 hours, after the next start, or with another letter', async () => {
    const first = await shownToken();
    expect(told(await setUp(`${first}x`))).toEqual([401, 'accounts/setup-token']);
    const second = await shownToken();
    await setUp(first).expect(401);
    clock.advance(24 * HOUR_MS);
    await setUp(second).expect(401);
    expect(await app.get(AccountsService).list()).toEqual([]);
  });

  it('is burnt by an administrator who is made in another way', async () => {
    const first = await shownToken();
    await anAccount(app, 'viewer');
    await anAccount(app, 'administrator');
    await setUp(first).expect(401);
  });

  it('is burnt by a key of an administrator, and not made while there is one that works', async () => {
    const token = await shownToken();
    const keys = app.get(ApiKeysService);
    await keys.create({ name: 'reader', role: 'viewer' }, boss);
    const expiresAt = new Date(clock.now().getTime() + HOUR_MS);
    await keys.create({ name: 'first', role: 'administrator', expiresAt }, boss);
    await setUp(token).expect(401);
    expect(await app.get(FirstAdministrator).prepare()).toEqual({ kind: 'keys' });
    clock.advance(HOUR_MS);
    expect(await app.get(FirstAdministrator).prepare()).toMatchObject({ kind: 'setup' });
  });

  it('is not made, and the one before is burnt, where ADMIN_TOKEN is set', async () => {
    const token = await shownToken();
    const { database } = app;
    await using configured = await openTestApp([AccountsModule], { clock, database });
    expect(await configured.get(FirstAdministrator).prepare()).toEqual({ kind: 'admin-token' });
    await setUp(token).expect(401);
  });
});

describe('ADMIN_PASSWORD_FILE', () => {
  async function prepared(file: string): Promise<object> {
    const env = { ADMIN_TOKEN: '', ADMIN_PASSWORD_FILE: file };
    await using other = await openTestApp([AccountsModule], { clock, database: app.database, env });
    return await other.get(FirstAdministrator).prepare(); // before it is closed
  }
  async function aFile(text: string, mode = 0o600): Promise<string> {
    const file = join(folder, `password-${mode.toString(8)}`);
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }

  it('makes the account "admin" with its first line, and later starts leave that alone', async () => {
    const file = await aFile(`${PASSWORD}\r\na comment\n`);
    expect(await prepared(file)).toEqual({ kind: 'created', name: 'admin' });
    await signIn(app, 'admin');
    expect(await prepared(await aFile('another long password\n'))).toEqual({ kind: 'accounts' });
    await signIn(app, 'admin');
  });

  it('makes one account when two servers start at once', async () => {
    const file = await aFile(PASSWORD);
    expect(await Promise.all([prepared(file), prepared(file)])).toEqual(
      expect.arrayContaining([{ kind: 'created', name: 'admin' }, { kind: 'accounts' }]),
    );
  });

  it('is refused when everybody can read it, when it is missing or empty, or when its password is weak', async () => {
    const open = await aFile(PASSWORD, 0o644);
    await expect(prepared(open)).rejects.toThrow(`chmod 600 ${open}`);
    await expect(prepared(join(folder, 'none'))).rejects.toThrow(/none cannot be read \(ENOENT\)/);
    await expect(prepared(await aFile('\nsecond line is long enough'))).rejects.toThrow(/first line .* is empty/);
    await expect(prepared(await aFile('short'))).rejects.toThrow(/12 to 256 characters/);
    await expect(prepared(await aFile('administrator123'))).rejects.not.toThrow(/administrator123/);
    expect(await app.get(AccountsService).list()).toEqual([]);
  });
});
