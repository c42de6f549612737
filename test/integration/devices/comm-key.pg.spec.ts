import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AppConfig } from '@app/config';
import { type AddedDevice, DevicesModule, DevicesService, SecretKeyError } from '@app/devices';
import { ZkTerminal } from '@app/device-emulator';
import { systemActor } from '@app/kernel';
import { openTestApp, type TestApp } from '@test/support';

/** Two servers on one database, each with a data folder of its own, as on two hosts. */
let one: TestApp;
let other: TestApp;
const terminals: ZkTerminal[] = [];

beforeAll(async () => {
  one = await openTestApp([DevicesModule]);
  other = await openTestApp([DevicesModule], { database: one.database });
});
afterAll(async () => {
  for (const terminal of terminals) await terminal.stop();
  await other[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
});

async function add(app: TestApp, commKey: number): Promise<AddedDevice> {
  const terminal = await ZkTerminal.start({ commKey, transports: ['tcp'], serialNumber: `SN${terminals.length}` });
  terminals.push(terminal);
  const address = `${terminal.host}:${terminal.port}`;
  const wanted = { driver: 'zk', transport: 'tcp', encoding: 'utf-8', commKey } as const;
  return app.get(DevicesService).add({ name: `Door ${terminals.length}`, address, ...wanted }, systemActor);
}

const keyFileOf = (app: TestApp): string => join(app.get(AppConfig).dataDir, 'holdfast.key');

it('lets a server without the key file of the others neither read their devices nor make a key of its own', async () => {
  const { device } = await add(one, 4711);
  expect(await one.get(DevicesService).findLocked()).toBeUndefined();
  const locked = await other.get(DevicesService).findLocked();
  expect(locked?.devices.map(({ id }) => id)).toEqual([device.id]);
  await expect(other.get(DevicesService).targetOf(device)).rejects.toThrow(/not in DATA_DIR.*copy it from the server/);
  await expect(add(other, 4712)).rejects.toThrow(SecretKeyError);
  expect(await other.get(DevicesService).list()).toHaveLength(1);
  expect((await add(other, 0)).device.commKeyEncrypted).toBeNull();

  await copyFile(keyFileOf(one), keyFileOf(other));
  expect(await other.get(DevicesService).targetOf(device)).toMatchObject({ commKey: 4711 });
  const { device: third } = await add(other, 4713);
  expect(await one.get(DevicesService).targetOf(third)).toMatchObject({ commKey: 4713 });
});

it('says of a damaged or foreign key file what it is', async () => {
  const foreign = await openTestApp([DevicesModule], { database: one.database });
  await writeFile(keyFileOf(foreign), 'short\n');
  expect((await foreign.get(DevicesService).findLocked())?.reason.message).toMatch(/is damaged/);
  await writeFile(keyFileOf(foreign), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  expect((await foreign.get(DevicesService).findLocked())?.reason.message).toMatch(
    /cannot be opened with holdfast.key/,
  );
  await foreign[Symbol.asyncDispose]();
});
