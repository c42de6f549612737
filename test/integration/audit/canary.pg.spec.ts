import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type EmulatedTemplate, ZkTerminal } from '@app/device-emulator';
import { DevicesService } from '@app/devices';
import { systemActor } from '@app/kernel';
import { AasRealtimeSync, DirectMachineSync, MachineSyncService, SyncServicesModule } from '@app/sync-services';
import { Logger } from '@nestjs/common';
import { anAasFolder, aUser, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';

/** Secrets that must be found nowhere: a PIN, a finger, a comm key, the password of an AAS file. */
const PIN = '73519246';
const COMM_KEY = 918_273_645;
const TEMPLATE = Buffer.from('CANARY-FINGERPRINT-TEMPLATE-0123456789-abcdefghij'.repeat(10));
const AAS_PASSWORD = 'fixture-pw';
const CANARIES = [PIN, 'CANARY-FINGERPRINT', String(COMM_KEY), AAS_PASSWORD];

const logged: string[] = [];
let app: TestApp;
let terminal: ZkTerminal;
let folder: Awaited<ReturnType<typeof anAasFolder>>;

beforeAll(async () => {
  folder = await anAasFolder({ 'tmkq.mdb': 'tmkq-password.mdb', '3tmkqbak.mdb': 'tmkq-stale-page.mdb' });
  app = await openTestApp([SyncServicesModule], {
    env: { AAS_PATH: folder.path, AAS_DEVICES: '*=canary', AAS_PASSWORD },
  });
  const note = (...parts: unknown[]): void => void logged.push(JSON.stringify(parts));
  Logger.overrideLogger({ log: note, warn: note, error: note, debug: note, verbose: note, fatal: note });
  const template: EmulatedTemplate = { slot: 1, finger: 6, flag: 1, template: TEMPLATE };
  const users = [aUser(1, { password: PIN, name: Buffer.from('Mina') }), aUser(2, { password: PIN })];
  terminal = await ZkTerminal.start({ users, templates: [template], commKey: COMM_KEY, transports: ['tcp'] });
});
afterAll(async () => {
  Logger.overrideLogger(false);
  await terminal.stop();
  await app[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Every row of every table as text, and every binary column in hex. */
async function everythingStored(): Promise<string> {
  const { dataSource } = app.database;
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

it('puts no PIN, no template, no comm key and no password into any table, log line or answer', async () => {
  const { host, port } = terminal;
  const wanted = { driver: 'zk', transport: 'tcp', encoding: 'utf-8', commKey: COMM_KEY } as const;
  const { device } = await app
    .get(DevicesService)
    .add({ name: 'Canary', address: `${host}:${port}`, ...wanted }, systemActor);
  await app.get(DirectMachineSync).syncNow(device, { actor: systemActor });
  terminal.faults = { lies: { userCounter: 1 } };
  await expect(app.get(MachineSyncService).syncDevice(device, systemActor)).rejects.toThrow();
  terminal.faults = { lies: { cutPunchBytes: 1, duplicateUserId: true } };
  await expect(app.get(MachineSyncService).syncDevice(device, systemActor)).rejects.toThrow();
  terminal.faults = {};
  await app.get(AasRealtimeSync).syncChanged({ actor: systemActor });
  const answers = await Promise.all(
    ['device-users/audit', 'device-users/buffer', 'devices', 'sync-runs', 'punches', 'aas', 'aas/employees'].map(
      async (path) =>
        JSON.stringify(
          (
            await request(app.app.getHttpServer() as never)
              .get(`/api/${path}`)
              .set('Authorization', `Bearer ${TEST_TOKEN}`)
              .expect(200)
          ).body,
        ),
    ),
  );
  const stored = await everythingStored();
  expect(stored).toContain('Mina'); // the search finds what is there
  expect(logged.join('\n')).toContain('sync run finished');
  for (const text of [stored, logged.join('\n'), answers.join('\n')]) {
    for (const canary of CANARIES) {
      const bytes = Buffer.from(canary);
      for (const form of [canary, bytes.toString('hex'), bytes.toString('base64').slice(0, 10)]) {
        expect(text).not.toContain(form);
      }
    }
  }
});
