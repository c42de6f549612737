import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { BufferedUser } from '@app/buffer';
import { type Device, DevicesModule, DevicesService, SwappedTerminals } from '@app/devices';
import { ZkTerminal } from '@app/device-emulator';
import { administrator, systemActor } from '@app/kernel';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import { aUser, openTestApp, type TestApp } from '@test/support';

it('registers a new terminal at the address of one that was switched off, and keeps the old one', async () => {
  await using app = await openTestApp([DevicesModule]);
  const devices = app.get(DevicesService);
  const old = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'OLD1' });
  const { host, port } = old;
  const wanted = { driver: 'zk', transport: 'tcp', encoding: 'utf-8', commKey: 0, address: `${host}:${port}` } as const;
  const { device: first } = await devices.add({ ...wanted, name: 'Old' }, systemActor);
  await old.stop();
  await using _replacement = await ZkTerminal.start({ host, port, transports: ['tcp'], serialNumber: 'NEW1' });

  const add = (): ReturnType<DevicesService['add']> => devices.add({ ...wanted, name: 'New' }, systemActor);
  await expect(add()).rejects.toMatchObject({
    code: 'devices/already-registered',
    message: expect.stringContaining('"Old"'),
  });
  await devices.change(first.id, { enabled: false }, systemActor);
  expect((await add()).device).toMatchObject({ serialNumber: 'NEW1', host, port });
  expect(await devices.list()).toMatchObject([{ serialNumber: 'OLD1', enabled: false }, { serialNumber: 'NEW1' }]);
  await expect(devices.change(first.id, { enabled: true }, systemActor)).rejects.toMatchObject({
    code: 'devices/already-registered',
    message: expect.stringContaining('"New"'),
  });
});

describe('another terminal at the address of a registered one', () => {
  const reach = { driver: 'zk', transport: 'tcp', encoding: 'utf-8', commKey: 0 } as const;
  let app: TestApp;
  let old: ZkTerminal;
  let device: Device;

  beforeEach(async () => {
    app = await openTestApp([SyncServicesModule], { env: { AIFACE_PORT: '0' } });
    old = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'OLD1', users: [aUser(1)] });
    const added = await app
      .get(DevicesService)
      .add({ ...reach, name: 'Door', address: `${old.host}:${old.port}` }, systemActor);
    device = added.device;
    await old.stop();
  });
  afterEach(async () => {
    await app[Symbol.asyncDispose]();
  });

  const startStranger = (serialNumber = 'NEW1'): Promise<ZkTerminal> =>
    ZkTerminal.start({ host: old.host, port: old.port, transports: ['tcp'], serialNumber, users: [aUser(2)] });
  const sync = async (): Promise<unknown> => app.get(MachineSyncService).syncDevice(await current(), systemActor);
  const tellings = (operation: 'terminal_swapped' | 'terminal_accepted'): Promise<AuditEntry[]> =>
    app.database.dataSource.getRepository(AuditEntry).findBy({ operation });
  const buffered = (): Promise<number> => app.database.dataSource.getRepository(BufferedUser).count();
  const current = (): Promise<Device> => app.get(DevicesService).get(device.id);

  it('is not read, and is told once, until an administrator accepts it', async () => {
    await using _stranger = await startStranger();
    for (let run = 0; run < 2; run += 1) {
      await expect(sync()).rejects.toMatchObject({ code: 'device/serial-mismatch' });
    }
    expect(await current()).toMatchObject({ foundSerialNumber: 'NEW1', quarantinedAt: expect.any(Date) as unknown });
    expect(await tellings('terminal_swapped')).toMatchObject([{ details: { registered: 'OLD1', found: 'NEW1' } }]);
    expect(await buffered()).toBe(0);

    const swapped = app.get(SwappedTerminals);
    await expect(swapped.accept(device.id, 'NEW2', administrator('mina'))).rejects.toMatchObject({
      code: 'devices/not-in-quarantine',
    });
    await swapped.accept(device.id, 'NEW1', administrator('mina'));
    expect(await current()).toMatchObject({ serialNumber: 'NEW1', foundSerialNumber: null, quarantinedAt: null });
    expect(await tellings('terminal_accepted')).toMatchObject([{ performedBy: 'mina' }]);
    await sync();
    expect(await buffered()).toBe(1);
  });

  it('ends its quarantine when the registered one is back', async () => {
    const stranger = await startStranger();
    await expect(sync()).rejects.toMatchObject({ code: 'device/serial-mismatch' });
    await stranger.stop();
    await using _back = await startStranger('OLD1');
    await sync();
    expect(await current()).toMatchObject({ serialNumber: 'OLD1', foundSerialNumber: null, quarantinedAt: null });
  });

  it('is not taken for the registered one when its address is edited', async () => {
    await using stranger = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'NEW1' });
    const address = `${stranger.host}:${stranger.port}`;
    const devices = app.get(DevicesService);
    await expect(devices.change(device.id, { address }, systemActor)).rejects.toMatchObject({
      code: 'device/serial-mismatch',
    });
    expect(await current()).toMatchObject({ port: old.port });
  });
});

it('finds a terminal again that has moved and got a comm key, and keeps the key closed', async () => {
  await using app = await openTestApp([DevicesModule]);
  const devices = app.get(DevicesService);
  const wanted = { driver: 'zk', transport: 'tcp', encoding: 'utf-8', commKey: 0, name: 'Door' } as const;
  const before = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'S1' });
  const { device } = await devices.add({ ...wanted, address: `${before.host}:${before.port}` }, systemActor);
  await before.stop();
  await using after = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'S1', commKey: 2718 });
  const address = `${after.host}:${after.port}`;
  await expect(devices.change(device.id, { address }, systemActor)).rejects.toMatchObject({
    code: 'device/unauthorised',
  });
  const changed = await devices.change(device.id, { address, commKey: 2718 }, systemActor);
  expect(changed).toMatchObject({ port: after.port, commKeyEncrypted: expect.stringMatching(/^(?!.*2718)/) });
  const [entry] = await app.database.dataSource
    .getRepository(AuditEntry)
    .find({ where: { operation: 'device_changed' }, order: { id: 'DESC' } });
  expect(entry.details).toMatchObject({ port: after.port, has_comm_key: true });
  expect(JSON.stringify(entry.details)).not.toContain('2718');
});
