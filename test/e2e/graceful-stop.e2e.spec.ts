import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { AifaceTerminal, inventAifaceUsers, inventUsers, ZkTerminal } from '@app/device-emulator';
import { createEmptyDatabase, until } from '@test/support';
import { DataSource } from 'typeorm';
import { newFolder, removeFolders, Running, SERVER } from './running.js';

jest.setTimeout(180_000);

const TOKEN = 'graceful-stop-token';
const CALLERS = 8;

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let dataSource: DataSource;
let server: Running;
let url: string;
let slow: ZkTerminal;
let dialling: AifaceTerminal;

const api = (path: string, body?: object): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });

beforeAll(async () => {
  database = await createEmptyDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const env = { DATABASE_URL: database.url, DATA_DIR: await newFolder(), PORT: '0', ADMIN_TOKEN: TOKEN };
  server = new Running(SERVER, [], { ...env, NOTIFY_NETWORKS: '127.0.0.0/8' });
  const banner = await server.banner();
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0] ?? '';
  const port = /dial in to 127\.0\.0\.1:(\d+)/.exec(banner)?.[1];
  slow = await ZkTerminal.start({ users: inventUsers({ count: 300 }), transports: ['tcp'], serialNumber: 'SLOW1' });
  dialling = AifaceTerminal.start({
    server: `ws://127.0.0.1:${port}`,
    serialNumber: 'GRACEAI06',
    users: inventAifaceUsers({ count: 20, seed: 1 }),
  });
});
afterAll(async () => {
  server.signal('SIGKILL');
  await server.ended;
  await slow.stop();
  await dialling.stop();
  await dataSource.destroy();
  await database[Symbol.asyncDispose]();
  await removeFolders();
});

/** A webhook that takes nothing, so that what is to be told stays in the outbox. */
async function addBrokenChannel(): Promise<() => void> {
  const refusing = createServer((_request, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await once(refusing, 'listening');
  const { port } = refusing.address() as AddressInfo;
  const channel = {
    name: 'hook',
    kind: 'webhook',
    settings: { url: `http://127.0.0.1:${port}/` },
    secret: `whsec_${'A'.repeat(43)}=`,
    min_severity: 'info',
  };
  expect((await api('/api/notifications/channels', channel)).status).toBe(201);
  return () => void refusing.close();
}

it('a server that is told to stop in the middle of everything ends in order, and nothing is left hanging', async () => {
  const closeChannel = await addBrokenChannel();
  const added = await api('/api/devices', { name: 'Slow', address: `${slow.host}:${slow.port}` });
  const { id } = (await added.json()) as { id: string };
  expect((await api(`/api/devices/${id}/sync`, {})).status).toBe(200);
  await until(async () => (await (await api('/api/pending-terminals')).text()).includes('GRACEAI06'));
  // Somebody vanishes: that is told, and the channel does not take it.
  slow.setUsers(inventUsers({ count: 290 }));
  await api(`/api/devices/${id}/sync`, {});
  const waiting = async (): Promise<number> =>
    (await dataSource.query<object[]>(`select from notice_deliveries where state = 'waiting'`)).length;
  await until(async () => (await waiting()) > 0);

  // A read that does not end by itself, somebody who watches, and many who ask.
  slow.faults = { answers: [{ step: 'bulk', effect: { kind: 'slow-bytes', pauseMs: 200 } }] };
  const begun = await api(`/api/devices/${id}/sync?wait=false`, {});
  const { id: runId } = (await begun.json()) as { id: string };
  const streams = await Promise.all([api('/api/events'), api(`/api/sync-runs/${runId}/progress`)]);
  expect(streams.map(({ status }) => status)).toEqual([200, 200]);
  const held = async (): Promise<object[]> =>
    dataSource.query('select lock_key from sync_locks where holder_nonce is not null');
  await until(async () => (await held()).length > 0 && slow.openConnections() > 0);
  let stopped = false;
  const answers: number[] = [];
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!stopped) {
      const answer = await api('/api/device-users/buffer?limit=200').catch(() => undefined);
      if (!answer) return; // it accepts no more
      answers.push(answer.status);
      await answer.arrayBuffer().catch(() => undefined);
    }
  });
  await until(() => answers.length > CALLERS);

  server.signal('SIGTERM');
  const { code, stderr } = await server.ended; // 1 when it took longer than the ten seconds that it gives itself
  stopped = true;
  await Promise.all(callers);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Whoever was answered was answered well, or told to come again.
  expect(answers.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  // Both streams come to their end, or this never does.
  await Promise.all(streams.map((stream) => stream.text().catch(() => undefined)));
  expect(await held()).toEqual([]);
  await until(() => slow.openConnections() === 0);
  await dialling.until(() => !dialling.isRegistered);
  expect(await dataSource.query('select outcome from sync_runs where id = $1', [runId])).toEqual([
    { outcome: 'abandoned' },
  ]);
  expect(await waiting()).toBeGreaterThan(0);
  expect(server.log().at(-1)).toMatchObject({ msg: 'stopped' });
  closeChannel();
});
