import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AifaceTerminal, aifaceUserOf, type EmulatedUser, type Mishaps, ZkTerminal } from '@app/device-emulator';
import { DeviceGateway, type DeviceReader } from '@app/device-gateway';
import { formatWallTime, SystemClock, type WallTime } from '@app/kernel';
import { describeOperation } from '@app/zk-protocol';
import { aUser, openListener, QUICK_TIMEOUTS, targetOf } from '@test/support';

const NOON: WallTime = { year: 2026, month: 3, day: 5, hour: 12, minute: 0, second: 0 };
const PEOPLE = [1, 2, 3, 4].map((n) => aUser(n, { userId: String(1000 + n), card: 7000 + n }));
const IDS = PEOPLE.map(({ userId }) => userId);
const NEWCOMER = aUser(9, { userId: '1009', card: 7009 });

describe('an emulated ZK terminal', () => {
  const gateway = new DeviceGateway(new SystemClock(), QUICK_TIMEOUTS);
  let now = NOON;
  let terminal: ZkTerminal;

  beforeEach(async () => {
    now = NOON;
    terminal = await ZkTerminal.start({ users: PEOPLE, clock: () => now, clockOffsetSeconds: -90 });
  });
  afterEach(() => terminal.stop());

  async function reading<T>(ask: (reader: DeviceReader) => Promise<T>): Promise<T> {
    await using reader = await gateway.openReader(targetOf(terminal), { connectAttempts: 1 });
    return await ask(reader);
  }
  const ids = (): Promise<string[]> =>
    reading(async (reader) => (await reader.readUsers()).users.map(({ deviceUserId }) => deviceUserId));
  /** Time, operator, what, and the slot concerned. */
  const log = async (): Promise<string[]> =>
    ((await reading((reader) => reader.readOperations())) ?? []).map(
      ({ wallTime, operator, operation, parameters }) =>
        `${formatWallTime(wallTime)} ${operator} ${describeOperation(operation)} ${parameters[0]}`,
    );

  it('tells by its own clock which operator deleted whom', async () => {
    terminal.mishaps.deleteAtKeypad(['1002', '1004'], 1);
    expect(await ids()).toEqual(['1001', '1003']);
    expect(await log()).toEqual(['2026-03-05 11:58:30 1 user deleted 2', '2026-03-05 11:58:30 1 user deleted 4']);
  });

  it('tells who cleared all data, and keeps what was logged before', async () => {
    terminal.enrol(NEWCOMER);
    now = { ...NOON, minute: 30 };
    expect(terminal.mishaps.clearAtKeypad(3)).toEqual([...IDS, '1009']);
    expect(await ids()).toEqual([]);
    expect(await log()).toEqual(['2026-03-05 11:58:30 0 user enrolled 9', '2026-03-05 12:28:30 3 data cleared 0']);
  });

  it('has forgotten everything but its serial number after a factory reset, and its clock runs from 2000', async () => {
    terminal.mishaps.deleteAtKeypad(['1001']);
    expect(terminal.mishaps.resetToFactory()).toEqual(['1002', '1003', '1004']);
    expect(await log()).toEqual(['2000-01-01 00:00:00 0 factory reset 0']);
    expect(await reading((reader) => reader.readCounters())).toMatchObject({ users: 0, templates: 0, punches: 0 });
    now = { ...NOON, minute: 3, second: 12 };
    expect(formatWallTime(await reading((reader) => reader.readClock()))).toBe('2000-01-01 00:03:12');
    terminal.mishaps.resetToFactory('nothing');
    expect(await log()).toEqual([]);
  });

  it('drops who is connected when it restarts, and may lose what it had not saved', async () => {
    terminal.enrol(NEWCOMER);
    terminal.mishaps.save();
    terminal.enrol({ ...NEWCOMER, slot: 10, userId: '1010' });
    const reader = await gateway.openReader(targetOf(terminal), { connectAttempts: 1 });
    expect(terminal.mishaps.restart()).toEqual([]);
    await expect(reader.readUsers()).rejects.toMatchObject({ code: 'device/connection-lost' });
    await reader.close();
    expect(terminal.mishaps.restart('unsaved')).toEqual(['1010']);
    expect(await ids()).toEqual([...IDS, '1009']);
    expect((await log()).slice(-2).map((line) => line.slice(20))).toEqual(['0 switched off 0', '0 switched on 0']);
  });

  it('has other firmware after an upgrade, which may cost all users', async () => {
    expect(terminal.mishaps.changeFirmware('Ver 8.0.4', 'users')).toEqual(IDS);
    expect(await reading(async ({ identity }) => identity.firmware)).toBe('Ver 8.0.4');
    expect(await ids()).toEqual([]);
  });

  it('is another terminal at the same address when it was swapped', async () => {
    terminal.mishaps.replaceBy({ serialNumber: 'ANOTHER', users: [NEWCOMER] });
    expect(await reading(async ({ identity }) => identity.serialNumber)).toBe('ANOTHER');
    expect(await ids()).toEqual(['1009']);
    expect(await log()).toEqual([]);
  });

  it.each([
    ['oldest', '1001'],
    ['newest', '1004'],
  ] as const)('gives the place of the %s to a newcomer when it is full', async (displaced, lost) => {
    expect(terminal.mishaps.enrolWhenFull(NEWCOMER, displaced)).toBe(lost);
    expect(await ids()).toEqual([...IDS.filter((id) => id !== lost), '1009']);
    expect(await reading((reader) => reader.readCounters())).toMatchObject({ users: 4, userCapacity: 4 });
  });

  it('logs nothing of what other programs do by command', async () => {
    terminal.state.putTemplate({ slot: 3, finger: 6, flag: 1, template: Buffer.from('finger') });
    terminal.mishaps.rewriteByProgram({ removes: ['1001'], writes: [NEWCOMER] });
    terminal.mishaps.renumber('1003', '2003');
    expect(await ids()).toEqual(['1002', '2003', '1004', '1009']);
    expect(terminal.state.templates.get('3/6')).toBeDefined();
    expect(terminal.users().find(({ userId }) => userId === '2003')).toEqual({ ...PEOPLE[2], userId: '2003' });
    expect(terminal.mishaps.wipeByCommand()).toEqual(['1002', '2003', '1004', '1009']);
    expect(await ids()).toEqual([]);
    expect(await log()).toEqual([]);
  });
});

describe.each<[string, () => Promise<Stage>]>([
  ['ZK', zkStage],
  ['AiFace', aifaceStage],
])('the mishaps of an emulated %s terminal', (_, open) => {
  it('lose exactly whom they say', async () => {
    await using stage = await open();
    const { mishaps, ids, convert } = stage;
    const start = (): void => {
      mishaps.wipeByCommand();
      mishaps.rewriteByProgram({ writes: PEOPLE.map(convert) });
      mishaps.save();
      expect(ids()).toEqual(IDS);
    };
    for (const [lost, act] of [
      [['1002'], () => mishaps.deleteAtKeypad(['1002'], 1)],
      [IDS, () => mishaps.clearAtKeypad(1)],
      [IDS, () => mishaps.resetToFactory()],
      [IDS, () => mishaps.restart('users')],
      [[], () => mishaps.restart('unsaved')],
      [IDS, () => mishaps.changeFirmware('new', 'users')],
      [['1001'], () => mishaps.enrolWhenFull(convert(NEWCOMER))],
      [['1003'], () => mishaps.renumber('1003', '2003')],
      [['1004'], () => mishaps.rewriteByProgram({ removes: ['1004'] })],
      [IDS, () => mishaps.replaceBy({ serialNumber: 'ANOTHER' })],
    ] as const) {
      start();
      act();
      expect(IDS.filter((id) => !ids().includes(id))).toEqual(lost);
    }
    mishaps.rewriteByProgram({ writes: [convert(NEWCOMER)] });
    expect(mishaps.restart('unsaved')).toEqual(['1009']);
    expect(() => mishaps.deleteAtKeypad(['1009'])).toThrow('holds no user 1009');
    expect(() => mishaps.enrolWhenFull(convert(NEWCOMER))).toThrow('holds nobody');
  });
});

it('an emulated AiFace terminal that was swapped, upgraded and reset says so when it dials in again', async () => {
  const { gateway, listener, url } = await openListener(QUICK_TIMEOUTS);
  await using terminal = AifaceTerminal.start({ server: url, users: PEOPLE.map(aifaceUserOf), redialMs: 5 });
  try {
    await terminal.until(() => terminal.isRegistered);
    terminal.mishaps.resetToFactory();
    expect(terminal.time().year).toBe(2000);
    terminal.mishaps.replaceBy({ serialNumber: 'ANOTHER', users: [aifaceUserOf(NEWCOMER)] });
    terminal.mishaps.changeFirmware('ai806_f06v_v9.99');
    const dialled = terminal.dialled;
    await terminal.until(() => terminal.dialled > dialled && terminal.isRegistered && gateway.isConnected('ANOTHER'));
    const target = { driver: 'aiface', serialNumber: 'ANOTHER', weakerProof: false } as const;
    await using reader = await gateway.openReader(target, { connectAttempts: 1 });
    expect(reader.identity).toMatchObject({ serialNumber: 'ANOTHER', firmware: 'ai806_f06v_v9.99' });
    expect((await reader.readUsers()).users.map(({ deviceUserId }) => deviceUserId)).toEqual(['1009']);
    expect(await reader.readOperations()).toBeUndefined();
  } finally {
    await terminal.stop();
    await listener.stop();
  }
});

/** A terminal of any kind, by its mishaps and whom it holds. */
interface Stage extends AsyncDisposable {
  // eslint-disable-next-line typescript/no-explicit-any -- whatever a terminal of that kind holds, `convert` makes
  readonly mishaps: Mishaps<any>;
  readonly convert: (user: EmulatedUser) => unknown;
  ids(): string[];
}

async function zkStage(): Promise<Stage> {
  const terminal = await ZkTerminal.start({ users: PEOPLE });
  return {
    mishaps: terminal.mishaps,
    convert: (user) => user,
    ids: () => terminal.users().map(({ userId }) => userId),
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}

/** Nobody listens: what it holds does not depend on a server. */
async function aifaceStage(): Promise<Stage> {
  const users = PEOPLE.map(aifaceUserOf);
  const terminal = AifaceTerminal.start({ server: 'ws://127.0.0.1:9', users });
  return {
    mishaps: terminal.mishaps,
    convert: aifaceUserOf,
    ids: () => terminal.users().map(({ enrollId }) => enrollId),
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}
