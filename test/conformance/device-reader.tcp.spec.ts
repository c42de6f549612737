import { afterEach, describe, expect, it } from '@jest/globals';
import { type EmulatedUser, inventPunches, inventUsers } from '@app/device-emulator';
import { type CompleteUserRead, DeviceError, DeviceReader, type ReadProgress } from '@app/device-gateway';
import { AppError } from '@app/kernel';
import {
  aUser,
  QUICK_TIMEOUTS,
  RIGS,
  type SharedAttributes,
  sharedAttributesOf,
  type TerminalRig,
} from '@test/support';

const UNTIL = new Date('2026-01-31T00:00:00Z');
/** How many faults of its catalogue are tried on each kind, besides all lies. */
const FAULTS = 25;
let rig: TerminalRig;

afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Users with a card each, so that every kind of terminal lists them. */
function people(count: number): EmulatedUser[] {
  return inventUsers({ count, seed: count + 1 }).map((user, i) => ({ ...user, card: user.card || 500_000 + i }));
}

async function open(): Promise<DeviceReader> {
  await rig.ready();
  return rig.gateway.openReader(rig.target, { connectAttempts: 1 });
}

async function readUsers(): Promise<CompleteUserRead> {
  await using reader = await open();
  return await reader.readUsers();
}

function sharedOf({ users }: CompleteUserRead): SharedAttributes[] {
  return users.map(({ deviceUserId, details, hasPin }) => ({
    deviceUserId,
    name: details?.name ?? null,
    cardNumber: details?.cardNumber ?? null,
    hasPin,
  }));
}

function idsOf({ users }: CompleteUserRead): string[] {
  return users.map(({ deviceUserId }) => deviceUserId);
}

async function errorOf(work: Promise<unknown>): Promise<AppError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** What the gateway promises of every kind of terminal. */
describe.each(RIGS)('a terminal of kind $name', (kind) => {
  const start = async (
    users: readonly EmulatedUser[],
    patience: Partial<typeof QUICK_TIMEOUTS> = {},
  ): Promise<void> => {
    const punches = inventPunches(users, { days: 5, until: UNTIL });
    rig = await kind.start({ users, punches, timeouts: { ...QUICK_TIMEOUTS, ...patience } });
  };

  it.each([0, 1, 13, 14, 39, 40, 41, 250, 1_000])(
    'gives all of %i users, each with name, card and PIN',
    async (count) => {
      const users = people(count);
      await start(users);
      const read = await readUsers();
      expect(sharedOf(read)).toEqual(users.map(sharedAttributesOf));
      expect(read.proof).toMatchObject({ counterBefore: count, counterAfter: count, distinctUsers: count });
    },
  );

  it('gives all of as many users as an AI06 holds', async () => {
    await start(people(5_000));
    expect((await readUsers()).users).toHaveLength(5_000);
  });

  it('gives names in every script as they are', async () => {
    const names = ['ሰላም በቀለ', 'خالد يوسف', '王小明', 'José Núñez', 'Zoë "Q" O\\N', '<b>x</b>', '😀 smile', 'Тарас'];
    const users = names.map((name, i) => aUser(i + 1, { name: Buffer.from(name), card: i + 1 }));
    await start(users);
    expect(sharedOf(await readUsers()).map(({ name }) => name)).toEqual(names);
  });

  it('is read again and again, and stays as it was: it receives reads and nothing else', async () => {
    await start(people(60));
    const before = rig.snapshot();
    for (let read = 0; read < 3; read += 1) {
      await using reader = await open();
      const users = await reader.readUsers();
      await reader.readCounters();
      await reader.readClock();
      await reader.readPunches(users);
    }
    expect(rig.snapshot()).toBe(before);
    expect(rig.outsideAllowList()).toEqual([]);
  });

  it('has no method that writes, sends or executes', async () => {
    await start([]);
    const reader = await open();
    const methods = new Set<string>();
    for (
      let type = Object.getPrototypeOf(reader) as object;
      type !== Object.prototype;
      type = Object.getPrototypeOf(type) as object
    ) {
      if (type === DeviceReader.prototype) break;
      for (const name of Object.getOwnPropertyNames(type)) methods.add(name);
    }
    expect([...methods].filter((name) => /write|send|exec|delete|clear|request|command/i.test(name))).toEqual([]);
    await reader.close();
  });

  it('gives its whole punch log, also while somebody punches', async () => {
    const users = people(30);
    const punches = inventPunches(users, { days: 5, until: UNTIL });
    await start(users);
    await using reader = await open();
    const list = await reader.readUsers();
    const read = await reader.readPunches(list);
    expect(read.punches.map(({ deviceUserId, wallTime, state }) => ({ deviceUserId, wallTime, state }))).toEqual(
      punches.map(({ userId, time, state }) => ({ deviceUserId: userId, wallTime: time, state })),
    );
    rig.addPunch({ slot: 1, userId: users[0].userId, time: { ...punches[0].time, year: 2027 }, verify: 1, state: 0 });
    expect((await reader.readPunches(list)).punches).toHaveLength(punches.length + 1);
  });

  it('tells who was deleted at its keypad, where it keeps a log of that', async () => {
    const users = people(5);
    await start(users);
    await using reader = await open();
    rig.deleteAtKeypad([users[1].userId, users[3].userId], 1);
    const operations = await reader.readOperations();
    expect(operations?.map(({ operation, operator, parameters }) => [operation, operator, parameters[0]])).toEqual(
      rig.keepsOperations ? [users[1], users[3]].map(({ slot }) => [9, 1, slot]) : undefined,
    );
    expect(rig.outsideAllowList()).toEqual([]);
  });

  it('shows how far a read is', async () => {
    await start(people(100));
    await using reader = await open();
    const progress: ReadProgress[] = [];
    await reader.readUsers({ onProgress: (news) => progress.push(news) });
    const stages = progress.map(({ stage }) => stage);
    expect(stages[0]).toBe('counting');
    expect(stages).toEqual(expect.arrayContaining(['reading', 'proving']));
    const bytes = progress.map(({ receivedBytes }) => receivedBytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBeGreaterThan(0);
  });

  it('gives a typed error or the right list for faults of every kind, and is read again afterwards', async () => {
    const users = people(60);
    const ids = users.map(({ userId }) => userId);
    await start(users, { idleMs: 250, replyMs: 250, pageMs: 200, datagramMs: 60, closeMs: 20 });
    // Each protocol has a test of its own that tries all of them, and many at once.
    const every = Math.ceil(rig.catalogue().length / FAULTS);
    for (const [i, { name, mustFail, set }] of rig.catalogue().entries()) {
      if (!mustFail && i % every !== 0) continue;
      await rig.ready();
      set();
      const failure = await errorOf(
        readUsers().then((read) => expect([name, mustFail, idsOf(read)]).toEqual([name, false, ids])),
      );
      if (failure) expect(failure).toBeInstanceOf(DeviceError);
      rig.clearFaults();
      rig.setUsers(users); // one of the faults enrols somebody
    }
    expect(idsOf(await readUsers())).toEqual(ids);
    expect(rig.outsideAllowList()).toEqual([]);
  });

  it('that somebody enrols at during the read is not believed', async () => {
    await start(people(60));
    await rig.ready();
    rig.enrolDuringRead();
    expect(await errorOf(readUsers())).toMatchObject({ code: 'device/incomplete-read' });
  });

  it('that falls silent is given up, with the reason, and read again when it is back', async () => {
    await start(people(60), { idleMs: 250, replyMs: 250, pageMs: 200, datagramMs: 60 });
    await rig.ready();
    rig.fallSilent();
    const error = await errorOf(readUsers());
    expect(error).toBeInstanceOf(DeviceError);
    expect(['device/timeout', 'device/incomplete-read']).toContain(error?.code);
    rig.clearFaults();
    expect((await readUsers()).users).toHaveLength(60);
  });

  it('is told from another one by its serial number', async () => {
    await start(people(3));
    await rig.ready();
    const error = await errorOf(rig.gateway.openReader(rig.foreignTarget, { connectAttempts: 1 }));
    expect(['device/serial-mismatch', 'device/not-connected']).toContain(error?.code);
  });

  it('stops being read when nobody wants it any more', async () => {
    await start(people(60));
    await rig.ready();
    const stop = new AbortController();
    const reader = await rig.gateway.openReader(rig.target, { signal: stop.signal, connectAttempts: 1 });
    stop.abort(new Error('enough'));
    expect(await errorOf(reader.readUsers())).toMatchObject({ code: 'device/aborted' });
    await reader.close();
  });
});
