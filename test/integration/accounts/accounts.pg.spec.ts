import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountsModule, AccountsService, LastAdministratorError } from '@app/accounts';
import { administrator } from '@app/kernel';
import { ManualClock, openTestApp, type TestApp } from '@test/support';
import { DataSource } from 'typeorm';
import { anAccount, audited, call, OTHER_PASSWORD, PASSWORD, signIn, told } from './support.js';

let app: TestApp;
const boss = administrator('test');

beforeAll(async () => {
  app = await openTestApp([AccountsModule], { clock: new ManualClock() });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

describe('accounts', () => {
  it('are made, listed and changed by an administrator, and never show a hash', async () => {
    const body = { name: ' Ren\u0065\u0301e ', role: 'viewer', password: PASSWORD };
    const made = await call(app, 'post', '/api/accounts').send(body).expect(201);
    expect(made.body).toMatchObject({ name: 'Ren\u00e9e', role: 'viewer', active: true, created_by: 'admin-token' });
    const { id } = made.body as { id: string };
    const changed = await call(app, 'patch', `/api/accounts/${id}`).send({ role: 'operator' }).expect(200);
    expect(changed.body).toMatchObject({ id, role: 'operator', active: true });
    const listed = await call(app, 'get', '/api/accounts').expect(200);
    expect(listed.body).toEqual([changed.body]);
    expect(JSON.stringify(listed.body)).not.toMatch(/argon|hash/);
    expect(await audited(app, 'account_created', 'account_changed')).toMatchObject([
      { operation: 'account_created', details: { account: 'Ren\u00e9e', role: 'viewer' } },
      { operation: 'account_changed', details: { account: 'Ren\u00e9e', role: 'operator', active: true } },
    ]);
    const [{ password_hash: hash }] = await app
      .get(DataSource)
      .query<{ password_hash: string }[]>('select password_hash from accounts');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it.each([
    [{ name: 'RENE\u0301E', role: 'viewer', password: PASSWORD }, 409, 'accounts/name-taken'],
    [{ name: 'x\ny', role: 'viewer', password: PASSWORD }, 400, 'accounts/bad-name'],
    [{ name: '', role: 'viewer', password: PASSWORD }, 400, 'http/invalid-request'],
    [{ name: 'new', role: 'viewer', password: 'elevenchars' }, 400, 'accounts/weak-password'],
    [{ name: 'new', role: 'viewer', password: 'choose-your-own' }, 400, 'accounts/weak-password'],
    [{ name: 'newcomer', role: 'viewer', password: 'the NewComer of today' }, 400, 'accounts/weak-password'],
    [{ name: 'new', role: 'root', password: PASSWORD }, 400, 'http/invalid-request'],
    [{ name: 'new', role: 'viewer', password: PASSWORD, active: false }, 400, 'http/invalid-request'],
  ])('are refused when %j', async (body, status, code) => {
    const answer = await call(app, 'post', '/api/accounts').send(body);
    expect(told(answer)).toEqual([status, code]);
    if (body.password !== PASSWORD) expect(JSON.stringify(answer.body)).not.toContain(body.password);
  });

  it.each([{ role: null }, { active: null }, { active: 'no' }, { name: 'other' }])(
    'cannot be changed with %j',
    async (change) => {
      const { id } = await anAccount(app);
      expect(told(await call(app, 'patch', `/api/accounts/${id}`).send(change))).toEqual([400, 'http/invalid-request']);
    },
  );

  it('say when there is none of an id', async () => {
    const password = { password: PASSWORD };
    expect(told(await call(app, 'patch', '/api/accounts/999').send({}))).toEqual([404, 'accounts/not-found']);
    expect(told(await call(app, 'post', '/api/accounts/999/password').send(password))).toEqual([
      404,
      'accounts/not-found',
    ]);
  });

  it.each([
    ['another role', { role: 'operator' }],
    ['being put to rest', { active: false }],
  ])('lose their sessions with %s', async (_, change) => {
    const { id, name } = await anAccount(app);
    const token = await signIn(app, name);
    await call(app, 'patch', `/api/accounts/${id}`).send(change).expect(200);
    await call(app, 'get', '/api/session', token).expect(401);
    expect((await audited(app, 'session_ended')).at(-1)).toMatchObject({ details: { account: name, sessions: 1 } });
  });

  it('lose their sessions and their old password when an administrator sets another', async () => {
    const { id, name } = await anAccount(app);
    const token = await signIn(app, name);
    await call(app, 'post', `/api/accounts/${id}/password`).send({ password: OTHER_PASSWORD }).expect(204);
    await call(app, 'get', '/api/session', token).expect(401);
    await signIn(app, name, OTHER_PASSWORD);
  });

  it('keep their sessions when a change changes nothing', async () => {
    const { id, name } = await anAccount(app);
    const token = await signIn(app, name);
    await call(app, 'patch', `/api/accounts/${id}`).send({ role: 'viewer', active: true }).expect(200);
    await call(app, 'get', '/api/session', token).expect(200);
  });
});

describe('the last active administrator', () => {
  it('cannot be put to rest or demoted, until there is another', async () => {
    const first = await anAccount(app, 'administrator');
    for (const change of [{ active: false }, { role: 'viewer' }]) {
      expect(told(await call(app, 'patch', `/api/accounts/${first.id}`).send(change))).toEqual([
        409,
        'accounts/last-administrator',
      ]);
    }
    const second = await anAccount(app, 'administrator');
    await call(app, 'patch', `/api/accounts/${first.id}`).send({ active: false }).expect(200);
    await call(app, 'patch', `/api/accounts/${second.id}`).send({ role: 'operator' }).expect(409);
  });

  it('is left when all of them are put to rest at the same moment', async () => {
    const accounts = app.get(AccountsService);
    for (let i = 0; i < 4; i += 1) await anAccount(app, 'administrator');
    const active = (await accounts.list()).filter(({ role, active }) => role === 'administrator' && active);
    const results = await Promise.allSettled(active.map(({ id }) => accounts.change(id, { active: false }, boss)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(LastAdministratorError)]);
    expect(active.length).toBe(5);
  });
});
