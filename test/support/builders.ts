import { type EmulatedUser, type ZkTerminal } from '@app/device-emulator';
import { Device } from '@app/devices';
import { type AddressTarget } from '@app/device-gateway';
import { type PersonType } from '@app/kernel';
import { Person, UserMapping } from '@app/people';
import { type DataSource } from 'typeorm';

let counter = 0;

/** How to reach an emulated terminal with our own driver over TCP, unless told otherwise. */
export function targetOf(terminal: ZkTerminal, change: Partial<AddressTarget> = {}): AddressTarget {
  const { host, port } = terminal;
  return { driver: 'zk', host, port, transport: 'tcp', commKey: 0, encoding: 'utf-8', ...change };
}

/** Registers a device, by default one that nothing answers for. */
export async function aDevice(dataSource: DataSource, change: Partial<Device> = {}): Promise<Device> {
  counter += 1;
  const { id } = await dataSource.getRepository(Device).save({
    slug: `device-${counter}`,
    name: `Device ${counter}`,
    driver: 'zk' as const,
    host: '127.0.0.1',
    port: 1 + (counter % 65_535),
    transport: 'tcp' as const,
    encoding: 'utf-8' as const,
    enabled: true,
    ...change,
  });
  return dataSource.getRepository(Device).findOneByOrFail({ id });
}

/** Registers an emulated terminal. */
export async function deviceOf(dataSource: DataSource, terminal: ZkTerminal): Promise<Device> {
  const { host, port, serialNumber } = terminal;
  return aDevice(dataSource, { host, port, serialNumber });
}

/** Maps a device user to a person made for the purpose. */
export async function aMapping(
  dataSource: DataSource,
  deviceId: string,
  deviceUserId: string,
  personType: PersonType = 'staff',
): Promise<Person> {
  const person = await dataSource.getRepository(Person).save({ personType, name: `Person of ${deviceUserId}` });
  await dataSource
    .getRepository(UserMapping)
    .save({ deviceId, deviceUserId, personId: person.id, personType, createdBy: 'test' });
  return person;
}

/** A user of an emulated terminal. */
export function aUser(slot: number, change: Partial<EmulatedUser> = {}): EmulatedUser {
  return {
    slot,
    userId: String(9000 + slot),
    name: Buffer.from(`User ${slot}`),
    privilege: 0,
    password: '',
    card: 0,
    group: 1,
    ownZones: false,
    zones: [0, 0, 0],
    ...change,
  };
}
