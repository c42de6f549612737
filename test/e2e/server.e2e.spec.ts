import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inventUsers, ZkTerminal } from '@app/device-emulator';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import { createEmptyDatabase, until } from '@test/support';
import { CLI, type Ended, newFolder, removeFolders, Running, SERVER } from './running.js';

afterAll(removeFolders);

const PASSWORD = 'a calm river at dawn';

describe('a first start', () => {
  let dataDir: string;
  let server: Running;
  let banner: string;
  let url: string;
  let token: string;

  const api = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
  const cli = (...args: string[]): Promise<Ended> => new Running(CLI, args, { DATA_DIR: dataDir }).ended;

  beforeAll(async () => {
    dataDir = join(await newFolder(), 'data');
    server = new Running(SERVER, [], { DATA_DIR: dataDir, PORT: '0' });
    banner = await server.banner();
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0] ?? '';
    // The command that the banner shows, with a password put in.
    const [, path, body = ''] = /curl http:\S+(\/api\/setup) .*-d '(.*)'/.exec(banner) ?? [];
    const setUp = { method: 'POST', body: body.replace('CHOOSE-YOUR-OWN', PASSWORD) };
    token = ((await (await api(String(path), setUp)).json()) as { token: string }).token;
  });
  afterAll(async () => {
    server.signal('SIGKILL');
    await server.ended;
  });

  it('shows where everything is, and that the emulated terminal was read and buffered', () => {
    expect(banner).toMatch(/Swagger +http/);
    expect(banner).toContain(dataDir);
    expect(banner).toMatch(/EMULATED terminal with invented people at 127\.0\.0\.1:\d+/);
    expect(banner).toMatch(/250 users read with proof, 250 newly buffered/);
    expect(banner).toMatch(/EMULATED terminal with invented people dialling in to port \d+/);
    expect(banner).toMatch(/60 users read with proof, 60 newly buffered/);
    expect(banner).toMatch(/device add --name/);
  });

  it('serves the buffer to who has the token, and health to everybody', async () => {
    const { items } = (await (await api('/api/device-users/buffer?limit=200')).json()) as {
      items: { name: string | null }[];
    };
    expect(items).toHaveLength(200);
    const names = items.map(({ name }) => name).join('');
    for (const script of [/\p{Script=Latin}/u, /\p{Script=Ethiopic}/u, /\p{Script=Arabic}/u, /\p{Script=Han}/u]) {
      expect(names).toMatch(script);
    }
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('guards every route but health and those where one signs in, the documentation included', async () => {
    const document = (await (await api('/api/openapi.json')).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    );
    expect(routes.length).toBeGreaterThan(20);
    const open = ['get /health/live', 'get /health/ready', 'post /api/session', 'post /api/setup'];
    for (const [method, path] of [...routes, ['get', '/api/docs'], ['get', '/api/openapi.json']] as const) {
      const { status } = await fetch(url + path.replace('{id}', '1'), { method: method.toUpperCase() });
      expect([path, status === 401]).toEqual([path, !open.includes(`${method} ${path}`)]);
    }
  });

  it('signs in with the password of the set-up, over HTTP and in front of Swagger, and the set-up works no more', async () => {
    const body = JSON.stringify({ name: 'Admin', password: PASSWORD });
    const opened = await api('/api/session', { method: 'POST', body });
    expect([opened.status, await opened.json()]).toMatchObject([201, { name: 'admin', role: 'administrator' }]);
    const basic = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
    const docs = await fetch(`${url}/api/docs`, { headers: basic });
    expect(docs.status).toBe(200);
    const [cookie] = (docs.headers.get('set-cookie') ?? '').split(';');
    expect((await fetch(`${url}/api/docs/swagger-ui.css`, { headers: { cookie } })).status).toBe(200);
    expect(
      (await fetch(`${url}/api/docs`, { headers: { authorization: `Basic ${btoa('admin:wrong')}` } })).status,
    ).toBe(401);
    const token = /setup_[\w-]+/.exec(banner)?.[0];
    const again = await api('/api/setup', {
      method: 'POST',
      body: JSON.stringify({ token, name: 'x', password: PASSWORD }),
    });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([401, 'accounts/setup-token']);
  });

  it('makes accounts from the command line, with the password from a file that only its owner reads', async () => {
    const file = join(await newFolder(), 'password');
    await writeFile(file, 'nine small green boats\n', { mode: 0o644 });
    const add = ['account', 'add', 'mina', '--role', 'operator', '--password-file', file];
    const refused = await cli(...add);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`chmod 600 ${file}`)]);
    await chmod(file, 0o600);
    expect((await cli(...add)).code).toBe(0);
    expect((await cli('account', 'add', 'nobody', '--role', 'viewer')).stderr).toContain('--password-file');
    const body = JSON.stringify({ name: 'mina', password: 'nine small green boats' });
    expect((await api('/api/session', { method: 'POST', body })).status).toBe(201);
    expect((await cli('account', 'deactivate', 'mina')).code).toBe(0);
    expect((await api('/api/session', { method: 'POST', body })).status).toBe(401);
    expect((await cli('account', 'deactivate', 'admin')).stderr).toContain('last active administrator');
  });

  it('makes a key from the command line, shows it once, and revokes it', async () => {
    const key = (await cli('key', 'create', 'payroll', '--role', 'viewer', '--days', '30')).stdout.trim();
    const asProgram = (): Promise<Response> =>
      fetch(`${url}/api/session`, { headers: { authorization: `Bearer ${key}` } });
    expect(await (await asProgram()).json()).toMatchObject({ name: 'payroll', role: 'viewer', by: 'key' });
    const listed = await cli('key', 'list', '--json');
    expect(listed.stdout).toContain(key.slice(0, 11));
    expect(listed.stdout).not.toContain(key);
    expect((await cli('key', 'revoke', key.slice(0, 11))).code).toBe(0);
    expect((await asProgram()).status).toBe(401);
    const old = await cli('token', 'replace');
    expect([old.code, old.stderr]).toEqual([2, expect.stringContaining('key create')]);
  });

  it('registers a terminal over HTTP, reads it on demand, and keeps the comm key to itself', async () => {
    await using terminal = await ZkTerminal.start({
      users: inventUsers({ count: 40, seed: 9 }),
      commKey: 7788,
      serialNumber: 'E2E1',
    });
    const body = JSON.stringify({ name: 'Front door', address: `${terminal.host}:${terminal.port}`, comm_key: 7788 });
    const added = await api('/api/devices', { method: 'POST', body });
    expect(added.status).toBe(201);
    const device = (await added.json()) as { id: string };
    expect(device).toMatchObject({ slug: 'front-door', serial_number: 'E2E1', user_count: 40, has_comm_key: true });
    expect(JSON.stringify(device)).not.toContain('7788');
    const again = await api('/api/devices', { method: 'POST', body });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([
      409,
      'devices/already-registered',
    ]);
    const run = (await (await api(`/api/devices/${device.id}/sync`, { method: 'POST' })).json()) as object;
    expect(run).toMatchObject({
      outcome: 'succeeded',
      users_read: 40,
      newly_buffered: 40,
      service: 'directMachineSync',
    });
    terminal.faults = { lies: { cutSetBytes: 72 } };
    const failed = await api(`/api/devices/${device.id}/sync`, { method: 'POST' });
    expect(failed.status).toBe(503);
    expect(await failed.json()).toMatchObject({
      code: 'device/incomplete-read',
      facts: { sync_run_id: expect.any(String) as unknown },
    });
    const { items } = (await (await api(`/api/sync-runs?device_id=${device.id}`)).json()) as { items: object[] };
    expect(items).toMatchObject([{ outcome: 'incomplete' }, { outcome: 'succeeded' }]);
    terminal.faults = {};
    const synced = await cli('sync', 'front-door', '--json');
    expect([synced.code, JSON.parse(synced.stdout)]).toMatchObject([
      0,
      { users_read: 40, newly_buffered: 0, already_buffered: 40 },
    ]);
    expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  });

  it('takes in a terminal that dials in: unknown, pending, adopted, read', async () => {
    const port = /dial in to 127\.0\.0\.1:(\d+)/.exec(banner)?.[1];
    const emulator = new Running(
      CLI,
      ['emulate', 'aiface', '--server', `ws://127.0.0.1:${port}`, '--serial', 'E2EAI06', '--users', '35', '--json'],
      {},
    );
    const pending = async (): Promise<boolean> =>
      (await (await api('/api/pending-terminals')).text()).includes('E2EAI06');
    await until(pending);
    const listed = await cli('device', 'pending', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({
      pending_terminals: [{ serial_number: 'E2EAI06', address: '127.0.0.1', counters: { users: 35 } }],
    });
    expect((await cli('device', 'adopt', 'E2EAI06', '--name', 'Hall', '--time-zone', 'Mars/Olympus')).code).toBe(2);
    const adopted = await cli(
      'device',
      'adopt',
      'E2EAI06',
      '--name',
      'Hall',
      '--time-zone',
      'Africa/Addis_Ababa',
      '--json',
    );
    const { id } = JSON.parse(adopted.stdout) as { id: string };
    await until(async () => (await api(`/api/devices/${id}/sync`, { method: 'POST' })).status === 200);
    const { items } = (await (await api(`/api/device-users/buffer?device_id=${id}&limit=200`)).json()) as {
      items: object[];
    };
    expect(items).toHaveLength(35);
    // A command is a process of its own, and asks the server that has the terminal.
    const synced = await cli('sync', 'hall', '--json');
    expect([synced.code, JSON.parse(synced.stdout)]).toMatchObject([0, { users_read: 35, requested_by: 'cli' }]);
    const counted = await cli('buffer', 'populate', '--device', 'hall', '--dry-run', '--json');
    expect(JSON.parse(counted.stdout)).toMatchObject({ totals: { counted: 35, read: 35, already_buffered: 35 } });
    emulator.signal('SIGINT');
    expect((await emulator.ended).code).toBe(0);
  });

  it('lets a command use its database, and keeps running when the command has ended', async () => {
    const { code, stdout } = await cli('buffer', 'populate', '--device', 'demo-terminal', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { totals: { read: 250, already_buffered: 250, newly_buffered: 0, invalid: 0 } },
    ]);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('stops in order at SIGTERM, PostgreSQL included, and has its data at the next start', async () => {
    const pid = Number((await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    server.signal('SIGTERM');
    server.signal('SIGTERM');
    expect((await server.ended).code).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    const second = new Running(SERVER, [], { DATA_DIR: dataDir, PORT: '0' });
    const shown = await second.banner();
    expect(shown).toMatch(/Terminals +2 registered/);
    expect(shown).not.toContain('EMULATED'); // it makes room for a terminal of one's own
    second.signal('SIGINT');
    expect((await second.ended).code).toBe(0);
    const listed = await cli('device', 'list', '--json');
    const read = expect.any(String) as unknown;
    expect(JSON.parse(listed.stdout)).toMatchObject({
      devices: [
        { slug: 'demo-terminal', enabled: false, last_sync_at: read },
        { slug: 'demo-ai06', driver: 'aiface', enabled: false, last_sync_at: read },
        { slug: 'front-door', enabled: true, last_sync_at: read },
        { slug: 'hall', driver: 'aiface', enabled: true, last_sync_at: read },
      ],
    });
  });
});

describe('a server whose database has gone', () => {
  it('says so with 503 and lives on; readiness too', async () => {
    const dataDir = join(await newFolder(), 'data');
    const token = 'database-gone-token';
    const server = new Running(SERVER, [], { DATA_DIR: dataDir, PORT: '0', DEMO: 'off', ADMIN_TOKEN: token });
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await server.banner())?.[0] ?? '';
    const ask = (path: string): Promise<Response> =>
      fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask('/api/devices')).status).toBe(200);
    const [pid] = (await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT'); // at once, as a crash
    await until(async () => (await ask('/health/ready')).status !== 200);
    const ready = await ask('/health/ready');
    expect([ready.status, await ready.json()]).toMatchObject([503, { code: 'server/not-ready' }]);
    for (const path of ['/api/devices', '/api/device-users/buffer', '/api/sync-runs']) {
      const answer = await ask(path);
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 503, { code: 'database/gone' }]);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await ask('/health/live')).status).toBe(200);
    server.signal('SIGTERM');
    await server.ended;
  });
});

describe('a start that cannot succeed ends with one sentence and exit code 1', () => {
  async function failure(env: Record<string, string>): Promise<string> {
    const { code, stderr } = await new Running(SERVER, [], { PORT: '0', LOG_LEVEL: 'silent', ...env }).ended;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  }

  it('for a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const dataDir = join(await newFolder(), 'data');
    expect(await failure({ PORT: String(port), DATA_DIR: dataDir })).toMatch(/is in use by another program; .*PORT=/);
    other.close();
  });

  it('for a data folder that cannot be made', async () => {
    const file = join(await newFolder(), 'file');
    await writeFile(file, '');
    expect(await failure({ DATA_DIR: join(file, 'data') })).toMatch(/cannot be written .* DATA_DIR/);
  });

  it('for a database that does not answer', async () => {
    expect(await failure({ DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/x', DATA_DIR: await newFolder() })).toMatch(
      /DATABASE_URL/,
    );
  });

  it('for settings that are wrong, all together', async () => {
    expect(await failure({ PORT: '-1', DEMO: 'yes' })).toMatch(/PORT=-1.*DEMO="yes"/);
  });

  it('for a schema newer than the program', async () => {
    await using database = await createEmptyDatabase();
    const env = { DATABASE_URL: database.url, DATA_DIR: await newFolder() };
    expect((await new Running(CLI, ['db', 'migrate'], env).ended).code).toBe(0);
    const { DataSource } = await import('typeorm');
    const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await dataSource.query(`insert into migrations ("timestamp", name) values (9999999999999, 'OfTheFuture')`);
    await dataSource.destroy();
    expect(await failure(env)).toMatch(/newer than this program/);
  });
});
