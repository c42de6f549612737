import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountsModule, ApiKeysService } from '@app/accounts';
import { Permit, RoutePermissions } from '@app/auth';
import { Public } from '@app/http';
import { administrator, type Role, ROLES } from '@app/kernel';
import { Controller, Get, Module, Patch, Post } from '@nestjs/common';
import { ManualClock, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import { anAccount, audited, call, MINUTE_MS, PASSWORD, signIn, told } from './support.js';

const reached: string[] = [];

@Permit('viewer')
@Controller('things')
class ThingsController {
  @Get()
  look(): void {
    reached.push('look');
  }
  @Post(':id/map')
  @Permit('operator')
  map(): void {
    reached.push('map');
  }
  @Patch(':id')
  @Permit('administrator')
  change(): void {
    reached.push('change');
  }
  @Get('open')
  @Public()
  open(): void {
    reached.push('open');
  }
}
@Module({ controllers: [ThingsController] })
class ThingsModule {}

let app: TestApp;
let clock: ManualClock;
const keys = {} as Record<Role, string>;

beforeAll(async () => {
  clock = new ManualClock();
  app = await openTestApp([AccountsModule, ThingsModule], { clock, env: { TRUST_PROXY: '1' } });
  for (const role of ROLES) {
    const made = await app.get(ApiKeysService).create({ name: role, role }, administrator('test'));
    keys[role] = made.secret;
  }
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

describe('a role', () => {
  it.each([
    ['viewer', ['look']],
    ['operator', ['look', 'map']],
    ['administrator', ['look', 'map', 'change']],
  ] as const)('%s lets reach %j', async (role, expected) => {
    reached.length = 0;
    await call(app, 'get', '/things', keys[role]);
    await call(app, 'post', '/things/1/map', keys[role]);
    await call(app, 'patch', '/things/1', keys[role]);
    expect(reached).toEqual(expected);
  });

  it('that is missing is named, with the one that is there', async () => {
    const { status, body } = await call(app, 'patch', '/things/1', keys.operator);
    expect([status, body]).toMatchObject([
      403,
      { code: 'auth/forbidden', facts: { needed_role: 'administrator', role: 'operator' } },
    ]);
    expect((body as { detail: string }).detail).toMatch(
      /needs the role administrator, and key:hf_\w{8} has the role operator/,
    );
  });

  it('that is missing is audited once in ten minutes for a caller and a route, and ten times for a caller', async () => {
    const { secret } = await app.get(ApiKeysService).create({ name: 'prober', role: 'viewer' }, administrator('test'));
    const denied = async (): Promise<object[]> =>
      (await audited(app, 'access_denied')).filter(({ performedBy }) => secret.startsWith(performedBy.slice(4)));
    for (let i = 0; i < 3; i += 1) await call(app, 'patch', `/things/${i}`, secret).expect(403);
    expect(await denied()).toMatchObject([
      { details: { code: 'auth/forbidden', method: 'PATCH', path: '/things/:id', role: 'viewer' } },
    ]);
    await call(app, 'post', '/things/1/map', secret).expect(403);
    expect(await denied()).toHaveLength(2);
    clock.advance(10 * MINUTE_MS);
    await call(app, 'patch', '/things/1', secret).expect(403);
    expect(await denied()).toHaveLength(3);
  });
});

describe('without a valid credential', () => {
  it('every reason gets the same answer, and nothing is reached but what is public', async () => {
    reached.length = 0;
    const { name } = await anAccount(app);
    const ended = await signIn(app, name);
    await call(app, 'delete', '/api/session', ended).expect(204);
    const answers = [];
    for (const header of [
      undefined,
      'Bearer',
      'Bearer ',
      'Bearer garbage',
      `Bearer ${ended}`,
      `Bearer ${TEST_TOKEN}x`,
      `Bearer ${TEST_TOKEN.slice(0, -1)}`,
      `Bearer ${'x'.repeat(600)}`,
      `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString('base64')}`,
      TEST_TOKEN,
    ]) {
      const test = call(app, 'get', '/things', '');
      const { status, body, headers } = await (header === undefined ? test : test.set('authorization', header));
      const { request_id: _, ...problem } = body as Record<string, unknown>;
      answers.push({ status, problem, asks: headers['www-authenticate'] });
    }
    expect(answers[0]).toMatchObject({ status: 401, problem: { code: 'auth/unauthenticated' } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await call(app, 'get', '/things/open', '').expect(200);
    expect(reached).toEqual(['open']);
  });

  it('a hundred wrong tokens in a minute are enough; who was known before goes on', async () => {
    const from = (address: string, token: string): ReturnType<typeof call> =>
      call(app, 'get', '/things', token).set('x-forwarded-for', address);
    const { name } = await anAccount(app);
    const known = await signIn(app, name);
    for (let i = 0; i < 100; i += 1) await from('192.0.2.1', `wrong-${i}`).expect(401);
    const refused = await from('192.0.2.1', 'wrong-100');
    expect([...told(refused), refused.headers['retry-after']]).toEqual([429, 'auth/too-many-attempts', '60']);
    await from('192.0.2.1', known).expect(200);
    await from('192.0.2.2', 'wrong-100').expect(401);
    clock.advance(MINUTE_MS);
    await from('192.0.2.1', 'wrong-100').expect(401);
  });
});

describe('a cookie', () => {
  const signInWithCookie = async (name: string, headers: Record<string, string> = {}): Promise<string> => {
    const { headers: answer, body } = await call(app, 'post', '/api/session', '')
      .set({ 'sec-fetch-site': 'same-origin', ...headers })
      .send({ name, password: PASSWORD, cookie: true })
      .expect(201);
    expect(body).not.toHaveProperty('token');
    return (answer['set-cookie'] as unknown as string[])[0];
  };

  it('holds the token out of reach of scripts and other sites, and over TLS of plain HTTP', async () => {
    const { name } = await anAccount(app);
    const plain = await signInWithCookie(name);
    expect(plain).toMatch(/^holdfast_session=hs_[\w-]{43}; Path=\/; Expires=.* GMT; HttpOnly; SameSite=Strict$/);
    expect(await signInWithCookie(name, { 'x-forwarded-proto': 'https' })).toMatch(/; Secure; SameSite=Strict$/);
  });

  it.each([
    ['sec-fetch-site', 'same-origin', 200],
    ['sec-fetch-site', 'same-site', 403],
    ['sec-fetch-site', 'cross-site', 403],
    ['sec-fetch-site', 'none', 403],
    ['origin', 'http://holdfast.example:3000', 200],
    ['origin', 'http://holdfast.example', 403],
    ['origin', 'http://evil.example', 403],
    ['origin', 'null', 403],
    ['x-nothing', 'at all', 403],
  ])('changes something with %s: %s → %d', async (header, value, expected) => {
    const { name } = await anAccount(app, 'administrator');
    const [cookie] = (await signInWithCookie(name)).split(';');
    const send = (method: 'get' | 'patch', path: string): ReturnType<typeof call> =>
      call(app, method, path, '').set({ cookie, host: 'holdfast.example:3000', [header]: value });
    reached.length = 0;
    const answer = await send('patch', '/things/1');
    expect(answer.status).toBe(expected);
    if (expected === 403) expect(told(answer)).toEqual([403, 'auth/cross-site']);
    expect(reached).toEqual(expected === 200 ? ['change'] : []);
    await send('get', '/things').expect(200);
  });

  it('is not asked for where a bearer token is sent, which no page of another site can do', async () => {
    const { name } = await anAccount(app, 'administrator');
    const [cookie] = (await signInWithCookie(name)).split(';');
    const patch = (token: string): ReturnType<typeof call> =>
      call(app, 'patch', '/things/1', token).set({ cookie, 'sec-fetch-site': 'cross-site' });
    await patch(keys.administrator).expect(200);
    await patch('wrong').expect(401);
  });

  it('is not given to the page of another site', async () => {
    const { name } = await anAccount(app);
    const answer = await call(app, 'post', '/api/session', '')
      .set('sec-fetch-site', 'cross-site')
      .send({ name, password: PASSWORD, cookie: true });
    expect([...told(answer), answer.headers['set-cookie']]).toEqual([403, 'auth/cross-site', undefined]);
  });

  it('is taken back at log-out', async () => {
    const { name } = await anAccount(app);
    const [cookie] = (await signInWithCookie(name)).split(';');
    const out = await call(app, 'delete', '/api/session', '')
      .set({ cookie, 'sec-fetch-site': 'same-origin' })
      .expect(204);
    expect(out.headers['set-cookie']).toEqual([
      expect.stringMatching(/^holdfast_session=; .*Expires=Thu, 01 Jan 1970/),
    ]);
    await call(app, 'get', '/things', '').set('cookie', cookie).expect(401);
  });
});

describe('the limit of requests', () => {
  it('holds for one address in a minute, for unknown paths too, and not for health', async () => {
    const moving = new ManualClock();
    const env = { REQUESTS_PER_MINUTE: '3', TRUST_PROXY: '1' };
    await using limited = await openTestApp([AccountsModule, ThingsModule], { clock: moving, env });
    const from = (address: string, path: string): ReturnType<typeof call> =>
      call(limited, 'get', path).set('x-forwarded-for', address);
    await from('192.0.2.1', '/things').expect(200);
    await from('192.0.2.1', '/nowhere').expect(404);
    await from('192.0.2.1', '/health/nothing').expect(404);
    await from('192.0.2.1', '/things').expect(200);
    const refused = await from('192.0.2.1', '/things');
    expect([...told(refused), refused.headers['retry-after']]).toEqual([429, 'http/too-many-requests', '60']);
    await from('192.0.2.1', '/health/nothing').expect(404);
    await from('192.0.2.2', '/things').expect(200);
    moving.advance(MINUTE_MS);
    await from('192.0.2.1', '/things').expect(200);
  });

  it('does not believe what a caller says of its address while no proxy is trusted', async () => {
    await using limited = await openTestApp([AccountsModule, ThingsModule], { env: { REQUESTS_PER_MINUTE: '2' } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1)
      statuses.push((await call(limited, 'get', '/things').set('x-forwarded-for', `192.0.2.${i}`)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('the check of a start', () => {
  it('refuses a program with routes that do not say who may use them, and names them', async () => {
    @Controller('half')
    class HalfController {
      @Get()
      @Permit('viewer')
      stated(): void {}
      @Get('forgotten')
      forgotten(): void {}
      @Post(['a', 'b'])
      alsoForgotten(): void {}
    }
    @Module({ controllers: [HalfController] })
    class HalfModule {}
    const start = openTestApp([AccountsModule, HalfModule]);
    await expect(start).rejects.toThrow(/: HalfController\.alsoForgotten, HalfController\.forgotten$/);
    await expect(start).rejects.toMatchObject({ code: 'auth/route-without-permission' });
    await expect(start).rejects.not.toThrow(/HalfController\.stated/);
  });

  it('lists every route with method, path and permission', () => {
    const things = app
      .get(RoutePermissions)
      .list()
      .filter(({ path }) => path.startsWith('/things'));
    expect(things).toEqual([
      { method: 'GET', path: '/things', permission: 'viewer', handler: 'ThingsController.look' },
      { method: 'PATCH', path: '/things/:id', permission: 'administrator', handler: 'ThingsController.change' },
      { method: 'POST', path: '/things/:id/map', permission: 'operator', handler: 'ThingsController.map' },
      { method: 'GET', path: '/things/open', permission: 'public', handler: 'ThingsController.open' },
    ]);
  });
});
