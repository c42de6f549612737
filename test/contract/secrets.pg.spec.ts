import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AppConfig } from '@app/config';
import { type EmulatedTemplate, ZkTerminal } from '@app/device-emulator';
import { systemActor } from '@app/kernel';
import { AasRealtimeSync } from '@app/sync-services';
import { anAasFolder, aUser, TEST_TOKEN } from '@test/support';
import { type ContractApp, openContractApp } from './contract-app.js';
import { oneBitChanged } from './callers.js';
import { apiRoutesOf, pathOf } from './routes.js';
import { ADMINISTRATOR, type Answer, send, sendJson } from './sending.js';

const PINS = ['73519246', '60418273', '95172638', '28461937', '51739264'];
const TEMPLATES = ['CANARY-LEFT-THUMB', 'CANARY-RIGHT-THUMB', 'CANARY-INDEX-FINGER'];
const COMM_KEY = 918_273_645;
const WRONG_COMM_KEY = 807_060_504;
const AAS_PASSWORD = 'fixture-pw';
const DATABASE_PASSWORD = 'canary-database-password';
const WRONG_TOKENS = ['hf_canaryGuessOne0123456789', 'hf_canaryGuessTwo0123456789', oneBitChanged(TEST_TOKEN)];
const BASIC_PASSWORD = 'canary-basic-password';
const KEYS = ['canary-idempotency-key-1', 'canary-idempotency-key-2'];

let contract: ContractApp;
let locked: ZkTerminal;
let folder: Awaited<ReturnType<typeof anAasFolder>>;
const answers: Answer[] = [];

beforeAll(async () => {
  folder = await anAasFolder({ 'tmkq.mdb': 'tmkq-password.mdb' });
  const templates: EmulatedTemplate[] = TEMPLATES.map((text, finger) => {
    return { slot: 1, finger, flag: 1, template: Buffer.from(`${text}-`.repeat(30)) };
  });
  const users = PINS.map((password, i) => aUser(i + 1, { password, name: Buffer.from(`Mina ${i}`) }));
  contract = await openContractApp({
    terminal: { users, templates },
    env: {
      AAS_PATH: folder.path,
      AAS_DEVICES: '*=1',
      AAS_PASSWORD,
      DATABASE_URL: `postgresql://holdfast:${DATABASE_PASSWORD}@db.invalid:5433/holdfast`,
    },
  });
  locked = await ZkTerminal.start({ users, templates, commKey: COMM_KEY, serialNumber: 'CONTRACT0009' });
});
afterAll(async () => {
  await locked.stop();
  await contract[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function ask(...sent: Parameters<typeof sendJson>): Promise<Answer> {
  const answer = await sendJson(...sent);
  answers.push(answer);
  return answer;
}

/** Everything that a caller can do with secrets, well and badly. */
async function useEverySecret(): Promise<void> {
  const { port, terminal } = contract;
  const address = `${locked.host}:${locked.port}`;
  const wanted = { name: 'Locked', address };
  for (const commKey of [WRONG_COMM_KEY, -COMM_KEY, `${COMM_KEY}x`, 0])
    await ask(port, 'POST', '/api/devices', { ...wanted, comm_key: commKey });
  for (const key of [...KEYS, KEYS[0]]) {
    const headers = { ...ADMINISTRATOR, 'content-type': 'application/json', 'idempotency-key': key };
    const body = JSON.stringify({ ...wanted, comm_key: COMM_KEY });
    answers.push(await send(port, { method: 'POST', path: '/api/devices', headers, body }));
  }
  await ask(port, 'POST', '/api/devices', undefined, `{"comm_key": ${COMM_KEY}, "address"`);
  await ask(port, 'POST', '/api/devices', { ...wanted, password: PINS[0], pin: PINS[1] });
  for (const { id } of JSON.parse((await ask(port, 'GET', '/api/devices')).text) as { id: string }[]) {
    await ask(port, 'POST', `/api/devices/${id}/sync`);
    await ask(port, 'PATCH', `/api/devices/${id}`, { comm_key: COMM_KEY });
  }
  terminal.faults = { lies: { duplicateUserId: true } };
  await ask(port, 'POST', `/api/devices/${contract.device.id}/sync`);
  terminal.faults = { lies: { userCounter: 1 } };
  await ask(port, 'POST', `/api/devices/${contract.device.id}/sync`);
  terminal.faults = {};
  await contract.get(AasRealtimeSync).syncChanged({ actor: systemActor });
  for (const route of apiRoutesOf(contract)) {
    const path = pathOf(route, { id: '1' });
    if (route.method === 'GET') await ask(port, 'GET', path);
    for (const token of WRONG_TOKENS) {
      const { method } = route;
      answers.push(await send(port, { method, path, headers: { authorization: `Bearer ${token}` } }));
    }
    const basic = `Basic ${Buffer.from(`admin:${BASIC_PASSWORD}`).toString('base64')}`;
    answers.push(await send(port, { method: route.method, path, headers: { authorization: basic } }));
  }
}

it('no secret stands in a log line, an answer, a table, an audit entry or the API description', async () => {
  await useEverySecret();
  const secrets = [
    ...PINS,
    ...TEMPLATES,
    String(COMM_KEY),
    String(WRONG_COMM_KEY),
    AAS_PASSWORD,
    DATABASE_PASSWORD,
    TEST_TOKEN,
    ...WRONG_TOKENS,
    BASIC_PASSWORD,
    ...KEYS,
    await vaultKey(),
  ];
  expect(new Set(secrets).size).toBeGreaterThanOrEqual(20);
  const places = {
    log: contract.logged.join('\n'),
    answers: answers.map(({ text, headers }) => `${JSON.stringify(headers)} ${text}`).join('\n'),
    tables: await everythingStored(),
    description: JSON.stringify(contract.document),
  };
  // The search finds what is there, and what was to happen has happened.
  expect(places.log).toContain('sync run finished');
  expect(places.tables).toContain('Mina 1');
  expect(places.answers).toContain('idempotency-replayed');
  expect(places.answers).toContain('device/unauthorised');
  expect(places.answers).toContain('device/incomplete-read');
  const found = Object.entries(places).flatMap(([place, text]) =>
    secrets.flatMap((secret, i) =>
      formsOf(secret).flatMap((form) => (text.includes(form) ? [`${place}: no. ${i}`] : [])),
    ),
  );
  expect(found).toEqual([]);
}, 120_000);

/** As it is, in hex and in base64, wherever its first byte falls. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '').slice(0, -1)];
}

async function everythingStored(): Promise<string> {
  const { dataSource } = contract.database;
  const tables = await dataSource.query<{ name: string }[]>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => dataSource.query<{ row: string }[]>(`select t::text as row from ${name} t`)),
  );
  return texts
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

/** What the file holds that comm keys are closed with. */
async function vaultKey(): Promise<string> {
  const { dataDir } = contract.get(AppConfig);
  const [file] = (await readdir(dataDir)).filter((name) => name.includes('key'));
  return (await readFile(join(dataDir, file), 'utf8')).trim();
}
