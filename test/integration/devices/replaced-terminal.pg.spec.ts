import { expect, it } from '@jest/globals';
import { DevicesModule, DevicesService } from '@app/devices';
import { ZkTerminal } from '@app/device-emulator';
import { systemActor } from '@app/kernel';
import { openTestApp } from '@test/support';

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
