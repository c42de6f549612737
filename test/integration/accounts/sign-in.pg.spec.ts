import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccountsModule, AccountsService, PasswordHasher } from '@app/accounts';
import { administrator } from '@app/kernel';
import { ManualClock, openTestApp, type TestApp } from '@test/support';
import { DataSource } from 'typeorm';
import { anAccount, audited, call, HOUR_MS, MINUTE_MS, OTHER_PASSWORD, PASSWORD, signIn, told } from './support.js';

let app: TestApp;
let clock: ManualClock;
const attempt = (name: string, password: string): ReturnType<typeof call> =>
  call(app, 'post', '/api/session', '').send({ name, password });

beforeAll(async () => {
  clock = new ManualClock();
  app = await openTestApp([AccountsModule], { clock, env: { TRUST_PROXY: '1' } });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await app.get(DataSource).query('truncate login_failures');
});

describe('signing in', () => {
  it('gives a token, of which the database holds no more than the SHA-256, and never the password', async () => {
    await anAccount(app, 'operator', 'Mina');
    const { body } = await attempt('mINA', PASSWORD).expect(201);
    expect(body).toEqual({
      name: 'Mina',
      role: 'operator',
      by: 'session',
      token: expect.stringMatching(/^hs_[\w-]{43}$/) as unknown,
      expires_at: new Date(clock.now().getTime() + 168 * HOUR_MS).toISOString(),
    });
    const { token } = body as { token: string };
    const who = await call(app, 'get', '/api/session', token).expect(200);
    expect(who.body).toMatchObject({ name: 'Mina', role: 'operator', by: 'session' });
    expect((await app.get(AccountsService).getByName('mina')).lastLoginAt).toEqual(clock.now());
    for (const table of ['accounts', 'account_sessions', 'device_user_audit_log', 'login_failures']) {
      const rows = JSON.stringify(await app.get(DataSource).query(`select * from ${table}`));
      expect(rows).not.toContain(token);
      expect(rows).not.toContain(PASSWORD);
    }
    expect(await audited(app, 'login_succeeded')).toMatchObject([
      { performedBy: 'account:Mina', details: { account: 'Mina', address: '127.0.0.1' } },
    ]);
  });

  it('answers the same to an unknown name, a wrong password and an account at rest, and hashes for each', async () => {
    const resting = await anAccount(app);
    await app.get(AccountsService).change(resting.id, { active: false }, administrator('test'));
    const known = await anAccount(app);
    const hashed = jest.spyOn(app.get(PasswordHasher), 'matches');
    const answers = [];
    for (const [name, password] of [
      ['nobody at all', PASSWORD],
      [known.name, OTHER_PASSWORD],
      [resting.name, PASSWORD],
    ]) {
      const { status, body, headers } = await attempt(name, password);
      const { request_id: _, ...problem } = body as Record<string, unknown>;
      answers.push({ status, problem, kind: headers['content-type'] });
    }
    expect(answers[0]).toMatchObject({ status: 401, problem: { code: 'accounts/login-failed' } });
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    expect(hashed.mock.calls.map(([, hash]) => typeof hash)).toEqual(['undefined', 'string', 'string']);
    hashed.mockRestore();
  });

  it('never matches a password with nobody’s hash, however it is called', async () => {
    const hasher = app.get(PasswordHasher);
    expect(await hasher.matches('', undefined)).toBe(false);
    expect(await hasher.matches(PASSWORD, await hasher.hash(PASSWORD))).toBe(true);
    expect(await hasher.matches('a\u0301'.repeat(12), await hasher.hash('\u00e1'.repeat(12)))).toBe(true);
  });

  it('audits a failure with the name as given, cut short, and the address', async () => {
    await attempt('n'.repeat(99) + '\u{1f600}tail', PASSWORD)
      .set('x-forwarded-for', '192.0.2.77')
      .expect(401);
    const entry = (await audited(app, 'login_failed')).at(-1);
    expect(entry).toMatchObject({ performedBy: 'system', details: { address: '192.0.2.77' } });
    expect(entry?.details.account).toBe(`${'n'.repeat(99)}\ufffd`);
  });

  it('does not let in who was put to rest, or got another password, while the password was checked', async () => {
    const { id, name } = await anAccount(app);
    const hasher = app.get(PasswordHasher);
    const matches = hasher.matches.bind(hasher);
    const meanwhile = jest.spyOn(hasher, 'matches').mockImplementationOnce(async (password, hash) => {
      await app.get(AccountsService).resetPassword(id, OTHER_PASSWORD, administrator('test'));
      return matches(password, hash);
    });
    expect(told(await attempt(name, PASSWORD))).toEqual([401, 'accounts/login-failed']);
    meanwhile.mockRestore();
    await attempt(name, OTHER_PASSWORD).expect(201);
  });
});

describe('wrong passwords', () => {
  it('are limited by name, also of nobody, for all addresses together; open sessions stay open', async () => {
    const { name } = await anAccount(app);
    const session = await signIn(app, name);
    for (const wanted of [name, 'nobody of this name']) {
      for (let i = 0; i < 10; i += 1) {
        const from = `198.51.${wanted.length}.${i}`;
        await attempt(wanted, OTHER_PASSWORD).set('x-forwarded-for', from).expect(401);
      }
      const refused = await attempt(wanted.toUpperCase(), PASSWORD).set('x-forwarded-for', '198.51.100.99');
      expect(told(refused)).toEqual([429, 'auth/too-many-attempts']);
      expect(refused.headers['retry-after']).toBe('900');
    }
    await call(app, 'get', '/api/session', session).expect(200);
    clock.advance(15 * MINUTE_MS);
    await attempt(name, PASSWORD).expect(201);
  });

  it('are limited by address, a whole /64 being one, and not counted any more when they left the window', async () => {
    const { name } = await anAccount(app);
    for (let i = 0; i < 20; i += 1) {
      await attempt(`somebody ${i}`, PASSWORD)
        .set('x-forwarded-for', `2001:db8:0:7::${i + 1}`)
        .expect(401);
      clock.advance(1_000);
    }
    const refused = await attempt(name, PASSWORD).set('x-forwarded-for', '2001:db8:0:7:ffff::1');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '880']);
    await attempt(name, PASSWORD).set('x-forwarded-for', '2001:db8:0:8::1').expect(201);
    clock.advance(880_000);
    await attempt(name, PASSWORD).set('x-forwarded-for', '2001:db8:0:7::1').expect(201);
  });

  it('are forgotten after the right one', async () => {
    const { name } = await anAccount(app);
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 9; i += 1) await attempt(name, OTHER_PASSWORD).expect(401);
      await attempt(name, PASSWORD).expect(201);
    }
  });

  it('count before they are checked: of thirty at once, ten are looked at', async () => {
    const { name } = await anAccount(app);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        attempt(name, OTHER_PASSWORD)
          .set('x-forwarded-for', `203.0.113.${i}`)
          .then(({ status }) => status),
      ),
    );
    expect(answers.filter((status) => status === 401)).toHaveLength(10);
    expect(answers.filter((status) => status === 429)).toHaveLength(20);
  });

  it('do not hash and are not audited once they are refused', async () => {
    for (let i = 0; i < 10; i += 1) await attempt('again and again', PASSWORD).expect(401);
    const hashed = jest.spyOn(app.get(PasswordHasher), 'matches');
    const before = (await audited(app, 'login_failed')).length;
    await attempt('again and again', PASSWORD).expect(429);
    expect([hashed.mock.calls, (await audited(app, 'login_failed')).length]).toEqual([[], before]);
    hashed.mockRestore();
  });
});

describe('a session', () => {
  it('ends when nobody uses it for eight hours, and after seven days however it is used', async () => {
    const { name } = await anAccount(app);
    const token = await signIn(app, name);
    const idle = await signIn(app, name);
    for (let hours = 0; hours < 161; hours += 7) {
      clock.advance(7 * HOUR_MS);
      await call(app, 'get', '/api/session', token).expect(200);
      if (hours === 7) await call(app, 'get', '/api/session', idle).expect(401);
    }
    clock.advance(7 * HOUR_MS - 1);
    await call(app, 'get', '/api/session', token).expect(200);
    clock.advance(1);
    await call(app, 'get', '/api/session', token).expect(401);
  });

  it('is swept with the next log-in when it has ended', async () => {
    const { id, name } = await anAccount(app);
    await signIn(app, name);
    clock.advance(8 * HOUR_MS);
    await signIn(app, name);
    const rows: unknown[] = await app
      .get(DataSource)
      .query('select 1 from account_sessions where account_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });

  it('ends at log-out, alone, and audited', async () => {
    const { name } = await anAccount(app);
    const [first, second] = [await signIn(app, name), await signIn(app, name)];
    await call(app, 'delete', '/api/session', first).expect(204);
    await call(app, 'get', '/api/session', first).expect(401);
    await call(app, 'get', '/api/session', second).expect(200);
    expect((await audited(app, 'session_ended')).at(-1)).toMatchObject({
      performedBy: `account:${name}`,
      details: { account: name, sessions: 1, reason: 'logged out' },
    });
    expect(told(await call(app, 'delete', '/api/session'))).toEqual([409, 'accounts/no-session']);
  });

  it('ends, with all others of the account, when its owner changes the password, which needs the current one', async () => {
    const { name } = await anAccount(app);
    const [first, second] = [await signIn(app, name), await signIn(app, name)];
    const change = (current_password: string, password: string): ReturnType<typeof call> =>
      call(app, 'post', '/api/session/password', first).send({ current_password, password });
    expect(told(await change(OTHER_PASSWORD, OTHER_PASSWORD))).toEqual([400, 'accounts/wrong-password']);
    expect(told(await change(PASSWORD, 'short'))).toEqual([400, 'accounts/weak-password']);
    await change(PASSWORD, OTHER_PASSWORD).expect(204);
    for (const token of [first, second]) await call(app, 'get', '/api/session', token).expect(401);
    await attempt(name, PASSWORD).expect(401);
    await attempt(name, OTHER_PASSWORD).expect(201);
    expect((await audited(app, 'password_changed')).at(-1)).toMatchObject({ performedBy: `account:${name}` });
  });

  it('guesses the current password no more often than a log-in does', async () => {
    const { name } = await anAccount(app);
    const token = await signIn(app, name);
    const guess = (): ReturnType<typeof call> =>
      call(app, 'post', '/api/session/password', token).send({ current_password: 'a guess', password: OTHER_PASSWORD });
    for (let i = 0; i < 10; i += 1) await guess().expect(400);
    await guess().expect(429);
  });
});
