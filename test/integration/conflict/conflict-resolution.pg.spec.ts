import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeviceUserAuditService } from '@app/audit';
import { ConflictModule, ConflictResolutionService, deviceVersionOf, UserConflict } from '@app/conflict';
import { OpenWrites } from '@app/device-writer';
import { type Device } from '@app/devices';
import { administrator, canonicalDeviceUserId, systemActor } from '@app/kernel';
import { Person, UserMapping } from '@app/people';
import {
  aDevice,
  aScriptedUser,
  emptyTables,
  ManualClock,
  openWriterApp,
  RecordingObserver,
  ScriptedWriterTerminal,
  type TestApp,
} from '@test/support';

const ID = canonicalDeviceUserId('12');
const mina = administrator('account:mina');
const clock = new ManualClock();
const observer = new RecordingObserver();
const terminal = new ScriptedWriterTerminal();
const agreed = {
  name: 'Ann Berg',
  card_number: '7',
  privilege: 0,
  group_id: 1,
  timezone_id: null,
  has_pin: true,
};

/** What happens between the steps of a resolution, on a terminal in memory. */
describe('settling a conflict', () => {
  let app: TestApp;
  let device: Device;
  let service: ConflictResolutionService;

  beforeAll(async () => {
    app = await openWriterApp(terminal, { clock, observer, modules: [ConflictModule] });
    service = app.get(ConflictResolutionService);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { dataSource } = app.database;
    await emptyTables(dataSource, 'user_machine_mapping', 'people', 'user_conflicts', 'device_writes');
    device = await aDevice(dataSource);
    observer.at = async () => undefined;
    terminal.onRead = async () => undefined;
    terminal.onWrite = async (_kind, apply) => apply();
    terminal.users.clear();
    terminal.enrol(aScriptedUser(ID, { name: 'A. Berg', card: '7', privilege: 3 }));
    terminal.log.length = 0;
    const person = await dataSource
      .getRepository(Person)
      .save({ personType: 'staff', name: 'Ann Berg', cardNumber: '7' });
    await dataSource.getRepository(UserMapping).save({
      deviceId: device.id,
      deviceUserId: ID,
      personId: person.id,
      personType: 'staff',
      adopted: { ...agreed },
      createdBy: 'test',
    });
  });

  /** What the terminal holds is found by a read. */
  async function detect(): Promise<void> {
    const writer = await terminal.open({} as never);
    const snapshot = await writer.readUser(ID, 'attributes');
    await writer.close();
    terminal.log.length = 0;
    const nameLimit = { bytes: 23, encoding: 'utf-8' as const };
    const context = { deviceId: device.id, seenAt: clock.now(), service: 'test', performedBy: systemActor, nameLimit };
    await app.database.dataSource.transaction((tx) => service.detectConflicts(tx, context, [snapshot!.user]));
  }

  async function onlyConflict(): Promise<UserConflict> {
    const { items } = await service.listConflicts({ deviceId: device.id, type: 'attribute_mismatch' }, { limit: 10 });
    expect(items).toHaveLength(1);
    return items[0];
  }

  async function operations(): Promise<string[]> {
    const { items } = await app.get(DeviceUserAuditService).getUserLogs(device.id, ID);
    return items.map(({ operation }) => operation).toReversed();
  }

  async function database(): Promise<object> {
    const { dataSource } = app.database;
    const [{ name, cardNumber }] = await dataSource.getRepository(Person).find();
    const [{ adopted }] = await dataSource.getRepository(UserMapping).find();
    return { name, cardNumber, adopted };
  }

  it('reads only, for use_device, and never writes', async () => {
    await detect();
    await service.resolveConflict((await onlyConflict()).id, { strategy: 'use_device' }, mina);
    expect(terminal.writesReceived).toEqual([]);
    expect(terminal.log).toContain('read attributes');
    expect(await database()).toEqual({
      name: 'A. Berg',
      cardNumber: '7',
      adopted: { ...agreed, name: 'A. Berg', privilege: 3 },
    });
  });

  it('gives the card to the mapping, and not to a person who has none', async () => {
    await app.database.dataSource.query('update people set card_number = null');
    terminal.enrol(aScriptedUser(ID, { name: 'Ann Berg', card: '99' }));
    await detect();
    await service.resolveConflict((await onlyConflict()).id, { strategy: 'use_device' }, mina);
    expect(await database()).toMatchObject({ cardNumber: null, adopted: { card_number: '99' } });
  });

  it('takes the card from a person when the device has none any more', async () => {
    terminal.enrol(aScriptedUser(ID, { name: 'Ann Berg', card: null }));
    await detect();
    await service.resolveConflict((await onlyConflict()).id, { strategy: 'use_device' }, mina);
    expect(await database()).toMatchObject({ cardNumber: null, adopted: { card_number: null } });
  });

  it.each(['intended', 'sent', 'read-back'] as const)('is brought to its end after a crash at "%s"', async (crash) => {
    await detect();
    const { id } = await onlyConflict();
    observer.at = async (step) => {
      if (step === crash) throw new Error('the process was killed');
    };
    await expect(service.resolveConflict(id, { strategy: 'use_database', notes: 'as was' }, mina)).rejects.toThrow();
    expect(await onlyConflict()).toMatchObject({ resolved: false });
    expect(await database()).toMatchObject({ adopted: agreed });
    observer.at = async () => undefined;
    await app.get(OpenWrites).settleOpenWrites(device);
    const wasWritten = terminal.users.get(ID)?.name === 'Ann Berg';
    expect(wasWritten).toBe(crash !== 'intended');
    expect(await onlyConflict()).toMatchObject({
      resolved: wasWritten,
      resolvedBy: wasWritten ? 'account:mina' : null,
    });
    const told = (await operations()).filter((operation) => operation === 'conflict_resolved');
    expect(told).toHaveLength(wasWritten ? 1 : 0);
  });

  it('does not overwrite a person who changes while the device is written to: it stays open, with fresh versions', async () => {
    await detect();
    const { id } = await onlyConflict();
    observer.at = async (step) => {
      if (step === 'sent') await app.database.dataSource.query(`update people set name = 'Ann Bell'`);
    };
    const settling = service.resolveConflict(id, { strategy: 'merge' }, mina);
    await expect(settling).rejects.toMatchObject({ code: 'conflict/changed-meanwhile' });
    expect(await onlyConflict()).toMatchObject({
      resolved: false,
      deviceData: { name: 'Ann Berg' },
      databaseData: { name: 'Ann Bell' },
    });
    expect(await database()).toEqual({ name: 'Ann Bell', cardNumber: '7', adopted: agreed });
  });

  it('sends nothing when the person changes between the read and the intent', async () => {
    await detect();
    const { id } = await onlyConflict();
    observer.at = async (step) => {
      if (step === 'read') await app.database.dataSource.query(`update people set name = 'Ann Bell'`);
    };
    const settling = service.resolveConflict(id, { strategy: 'use_database' }, mina);
    await expect(settling).rejects.toMatchObject({ code: 'conflict/changed-meanwhile' });
    expect(terminal.writesReceived).toEqual([]);
  });

  it('is settled by one of two who decide at once; the other is told so', async () => {
    await detect();
    const { id } = await onlyConflict();
    const both = await Promise.allSettled([
      service.resolveConflict(id, { strategy: 'use_device' }, mina),
      service.resolveConflict(id, { strategy: 'use_database' }, administrator('account:tom')),
    ]);
    const settled = both.filter(({ status }) => status === 'fulfilled');
    expect(settled).toHaveLength(1);
    const told = await operations();
    expect(told.filter((operation) => operation === 'conflict_resolved')).toHaveLength(1);
    expect(told.filter((operation) => operation === 'conflict_resolution_failed')).toHaveLength(1);
  });

  it('looks again at what else is open of the user: somebody else behind the ID is none once both agree', async () => {
    terminal.enrol(aScriptedUser(ID, { name: 'Lukas Kern', card: '99' }));
    await detect();
    const { items } = await service.getUnresolvedConflicts({ limit: 10 });
    expect(items.map(({ conflictType }) => conflictType)).toEqual(['attribute_mismatch', 'id_reused']);
    await service.resolveConflict(items[1].id, { strategy: 'use_database' }, mina);
    expect((await service.getUnresolvedConflicts({ limit: 10 })).items).toEqual([]);
    const told = await operations();
    expect(told.filter((operation) => operation === 'conflict_resolved')).toHaveLength(1);
    expect(told.filter((operation) => operation === 'conflict_vanished')).toHaveLength(1);
    expect(deviceVersionOf((await (await terminal.open({} as never)).readUser(ID, 'attributes'))!.user)).toEqual(
      agreed,
    );
  });

  it('is refused when nobody is mapped to the user any more', async () => {
    await detect();
    const { id } = await onlyConflict();
    await app.database.dataSource.query('update user_machine_mapping set valid_to = clock_timestamp()');
    const settling = service.resolveConflict(id, { strategy: 'use_device' }, mina);
    await expect(settling).rejects.toMatchObject({ code: 'conflict/already-resolved' });
  });
});
