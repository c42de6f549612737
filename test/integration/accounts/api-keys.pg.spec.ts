import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountsModule, ApiKeysService } from '@app/accounts';
import { administrator } from '@app/kernel';
import { ManualClock, openTestApp, type TestApp } from '@test/support';
import { DataSource } from 'typeorm';
import { audited, call, HOUR_MS, MINUTE_MS, told } from './support.js';

let app: TestApp;
let clock: ManualClock;

interface Created {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
}
async function aKey(facts: Record<string, unknown> = {}): Promise<Created> {
  const made = await call(app, 'post', '/api/keys')
    .send({ name: 'payroll', role: 'viewer', ...facts })
    .expect(201);
  return made.body as Created;
}

beforeAll(async () => {
  clock = new ManualClock();
  app = await openTestApp([AccountsModule], { clock });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

describe('an API key', () => {
  it('is shown once, lets a program in with its role, and is stored as its beginning and a digest', async () => {
    const { key, prefix, id } = await aKey({ role: 'operator' });
    expect(key).toMatch(/^hf_[a-z0-9]{8}_[\w-]{43}$/);
    expect(key.startsWith(`${prefix}_`)).toBe(true);
    const who = await call(app, 'get', '/api/session', key).expect(200);
    expect(who.body).toEqual({ name: 'payroll', role: 'operator', by: 'key', expires_at: null });
    const stored = await app.get(DataSource).query('select * from api_keys');
    const listed = await call(app, 'get', '/api/keys').expect(200);
    const log = await audited(app, 'key_created');
    for (const text of [stored, listed.body, log]) expect(JSON.stringify(text)).not.toContain(key.slice(12));
    expect(listed.body).toMatchObject([{ id, prefix, role: 'operator', created_by: 'admin-token' }]);
    expect(log).toMatchObject([
      { performedBy: 'admin-token', details: { key: `key:${prefix}`, name: 'payroll', role: 'operator' } },
    ]);
  });

  it('is worth nothing once it is revoked, which may be repeated and is audited once', async () => {
    const { id, key, prefix } = await aKey();
    for (let time = 0; time < 2; time += 1) await call(app, 'delete', `/api/keys/${id}`).expect(204);
    expect(told(await call(app, 'get', '/api/session', key))).toEqual([401, 'auth/unauthenticated']);
    const revoked = (await audited(app, 'key_revoked')).filter(({ details }) => details.key === `key:${prefix}`);
    expect(revoked).toHaveLength(1);
    expect(told(await call(app, 'delete', '/api/keys/999'))).toEqual([404, 'accounts/key-not-found']);
  });

  it('is worth nothing from the instant at which it expires', async () => {
    const expires_at = new Date(clock.now().getTime() + HOUR_MS).toISOString();
    const { key } = await aKey({ expires_at });
    clock.advance(HOUR_MS - 1);
    await call(app, 'get', '/api/session', key).expect(200);
    clock.advance(1);
    await call(app, 'get', '/api/session', key).expect(401);
    const late = await call(app, 'post', '/api/keys').send({ name: 'late', role: 'viewer', expires_at });
    expect(told(late)).toEqual([400, 'accounts/bad-key']);
  });

  it('is worth nothing with one character changed, cut, or in a cookie', async () => {
    const { key } = await aKey();
    const last = key.at(-1) === 'A' ? 'B' : 'A';
    for (const other of [key.slice(0, -1) + last, key.slice(0, -1), `${key}A`, key.toUpperCase()])
      await call(app, 'get', '/api/session', other).expect(401);
    await call(app, 'get', '/api/session', '').set('cookie', `holdfast_session=${key}`).expect(401);
  });

  it('notes its last use to the minute', async () => {
    const { id, key } = await aKey();
    const lastUse = async (): Promise<Date | null | undefined> =>
      (await app.get(ApiKeysService).list()).find((one) => one.id === id)?.lastUsedAt;
    expect(await lastUse()).toBeNull();
    const first = clock.now();
    await call(app, 'get', '/api/session', key).expect(200);
    clock.advance(MINUTE_MS - 1);
    await call(app, 'get', '/api/session', key).expect(200);
    expect(await lastUse()).toEqual(first);
    clock.advance(1);
    await call(app, 'get', '/api/session', key).expect(200);
    expect(await lastUse()).toEqual(clock.now());
  });

  it('is found by its id, its beginning, or all of it', async () => {
    const keys = app.get(ApiKeysService);
    const { id, key, prefix } = await aKey();
    for (const wanted of [id, prefix, prefix.slice(3), key]) expect((await keys.resolve(wanted)).id).toBe(id);
    await expect(keys.resolve('hf_aaaaaaaa_secretsecret')).rejects.toThrow(/"hf_aaaaaaaa"/);
  });

  it('cannot change a password or log out, having no session', async () => {
    const { key } = await aKey();
    const body = { current_password: 'x', password: 'a calm river at dawn' };
    expect(told(await call(app, 'post', '/api/session/password', key).send(body))).toEqual([
      409,
      'accounts/no-session',
    ]);
  });

  it('goes on from a token of before accounts, and stays revoked when the migration is taken back', async () => {
    const { CreateAccounts1764300000000 } = await import('../../../migrations/1764300000000-CreateAccounts.js');
    const { createTestDatabase } = await import('@test/support');
    const { createHash } = await import('node:crypto');
    await using database = await createTestDatabase();
    const migration = new CreateAccounts1764300000000();
    const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');
    const runner = database.dataSource.createQueryRunner();
    try {
      await migration.down(runner);
      await runner.query(
        `insert into admin_tokens (token_hash, revoked_at) values ($1, null), ($2, now()), ($3, null)`,
        ['hf_good', 'hf_revoked', 'hf_leaked'].map(digestOf),
      );
      await migration.up(runner);
    } finally {
      await runner.release();
    }
    await using upgraded = await openTestApp([AccountsModule], { database, env: { ADMIN_TOKEN: '' } });
    await call(upgraded, 'get', '/api/keys', 'hf_good').expect(200);
    await call(upgraded, 'get', '/api/keys', 'hf_revoked').expect(401);
    const keys = upgraded.get(ApiKeysService);
    const [good, leaked] = await keys.list();
    expect(good).toMatchObject({ prefix: null, name: 'token from before accounts', role: 'administrator' });
    await keys.revoke(leaked.id, administrator('test'));
    const back = database.dataSource.createQueryRunner();
    try {
      await migration.down(back);
      const left = await back.query('select token_hash from admin_tokens where revoked_at is null');
      expect(left).toEqual([{ token_hash: digestOf('hf_good') }]);
    } finally {
      await back.release();
    }
  });
});
