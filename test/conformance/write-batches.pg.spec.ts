import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Tx } from '@app/database';
import {
  DeviceWrite,
  DeviceWriteBatches,
  DeviceWriterModule,
  DeviceWriters,
  OpenWrites,
  type RestoreBatchRequest,
  RestoreForecast,
  type RestoreJudgement,
  type RestoreOrder,
  type RestoreOutcome,
  SnapshotDecoder,
  type UserSnapshot,
  WriteConsequence,
  WriteConsequences,
  WriteObserver,
  WRITER_OPTIONS,
} from '@app/device-writer';
import { DevicesService, SecretVault } from '@app/devices';
import { DialInModule, DialInService } from '@app/dial-in';
import { administrator, canonicalDeviceUserId, type DeviceUserId } from '@app/kernel';
import { deviceLockKey } from '@app/sync-coordinator';
import {
  aUser,
  BATCH_KINDS,
  type BatchTerminal,
  openTestApp,
  QUICK_TIMEOUTS,
  RecordingObserver,
  type RigPerson,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';

jest.setTimeout(120_000);
const PURPOSE = 'batch-test';
const FULL = process.env.CHAOS === 'full';
const observer = new RecordingObserver();
const timeouts = { ...QUICK_TIMEOUTS, idleMs: 2_000, replyMs: 2_000, datagramMs: 500, closeMs: 20 };
let app: TestApp;
let terminal: BatchTerminal;

/** Notes in a table of the test's own whose "done" had its consequence: what is rolled back leaves no note. */
class Noting extends WriteConsequence {
  readonly purpose = PURPOSE;
  failing?: string;
  async apply(tx: Tx, { deviceUserId }: DeviceWrite): Promise<void> {
    if (deviceUserId === this.failing) throw new Error('the consequence fails');
    await tx.query('insert into batch_effects (device_user_id) values ($1)', [deviceUserId]);
  }
}
const noting = new Noting();

beforeAll(async () => {
  app = await openTestApp([DeviceWriterModule, DialInModule], {
    timeouts,
    env: { AIFACE_PORT: '0' },
    provide: [
      [WriteObserver, observer],
      [WRITER_OPTIONS, { sendMs: 20_000, answerMs: 2_000, doubtMs: 20 }],
    ],
  });
  app.get(WriteConsequences).register(noting);
  await app.database.dataSource.query(
    'create table batch_effects (id bigint generated always as identity, device_user_id text not null)',
  );
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  observer.at = async () => undefined;
  await app.database.dataSource.query('delete from batch_effects');
  noting.failing = undefined;
});
afterEach(async () => {
  await terminal[Symbol.asyncDispose]();
});

function finger(number: number, seed = 0, flag = 1): RigPerson['fingers'][number] {
  const template = Buffer.from(Array.from({ length: 200 + number }, (_, i) => (i * 7 + number + seed) & 0xff));
  return { finger: number, flag, template };
}

/** Everybody has a card or a PIN, since some AiFace terminals list nobody without a credential. */
function person(nth: number, change: Partial<RigPerson['user']> = {}, fingers: RigPerson['fingers'] = []): RigPerson {
  return { user: aUser(nth, { card: 1_000 + nth, password: String(1_000 + nth), ...change }), fingers };
}

const THIRTY = Array.from({ length: 30 }, (_, i) =>
  person(i + 1, { group: i % 5 }, i % 3 === 0 ? [] : [finger(0, i), finger((i % 9) + 1, i)]),
);

async function digest(snapshot: UserSnapshot | undefined): Promise<string | null> {
  if (!snapshot) return null;
  return (await app.get(SecretVault).fingerprint(snapshot.bytes.toString('base64'))).toString('hex');
}

const idOf = ({ user }: RigPerson): DeviceUserId => canonicalDeviceUserId(user.userId);

/** What the terminal holds of these people now. */
async function read(people: readonly RigPerson[]): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
  await terminal.ready();
  const target = await app.get(DevicesService).targetOf(terminal.device);
  await using writer = await app.get(DeviceWriters).open(target);
  return await writer.readUsers(new Set(people.map(idOf)), 'everything'); // before the session is closed
}

async function storedOf(people: readonly RigPerson[]): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
  terminal.setPeople(people);
  return read(people);
}

async function ordersFor(
  people: readonly RigPerson[],
  stored: ReadonlyMap<DeviceUserId, UserSnapshot>,
): Promise<RestoreOrder[]> {
  const held = await read(people);
  return Promise.all(
    people.map(async (each) => {
      const id = idOf(each);
      return { snapshot: stored.get(id)!.bytes, expected: await digest(held.get(id)) };
    }),
  );
}

const REQUEST: RestoreBatchRequest = {
  actor: administrator('account:mina'),
  purpose: PURPOSE,
  reason: 'wiped',
  options: { sameTerminal: true, wantedAlgorithm: '10' },
};

function restoreSome(
  orders: readonly RestoreOrder[],
  change: Partial<RestoreBatchRequest> = {},
): Promise<RestoreOutcome[]> {
  // Of AiFace terminals, a snapshot itself says with what its fingerprints were made.
  const wantedAlgorithm = terminal.device.driver === 'aiface' ? null : '10';
  const options = { sameTerminal: true, wantedAlgorithm };
  return app.get(DeviceWriteBatches).restoreSome(terminal.device, { ...REQUEST, options, ...change }, orders);
}

function rows(): Promise<DeviceWrite[]> {
  const where = { deviceId: terminal.device.id };
  return app.database.dataSource.getRepository(DeviceWrite).find({ where, order: { id: 'ASC' } });
}

async function effects(): Promise<string[]> {
  const all = 'select device_user_id from batch_effects order by id';
  const notes = await app.database.dataSource.query<{ device_user_id: string }[]>(all);
  return notes.map(({ device_user_id: id }) => id);
}

const statesOf = (outcomes: readonly { readonly state: string }[]): string[] => outcomes.map(({ state }) => state);

/** Runs when a step is reached for the n-th time. */
function onNth(step: string, nth: number, work: () => void | Promise<void>): void {
  let count = 0;
  observer.at = async (reached) => {
    if (reached !== step) return;
    count += 1;
    if (count === nth) await work();
  };
}

describe.each(BATCH_KINDS)('many users brought back to $name', (kind) => {
  const start = async (limits?: { readonly userCapacity?: number }): Promise<void> => {
    terminal = await kind.start(app, limits);
    await terminal.ready();
  };

  it('restores thirty wiped users bit for bit, each by writes of one user, with one list before and one after', async () => {
    await start();
    const stored = await storedOf(THIRTY);
    const whole = new Map(terminal.state());
    terminal.setPeople([]);
    const orders = await ordersFor(THIRTY, stored);
    terminal.forget();
    const outcomes = await restoreSome(orders);
    expect(statesOf(outcomes)).toEqual(THIRTY.map(() => 'done'));
    expect(new Map(terminal.state())).toEqual(whole);
    expect(terminal.writes().others).toBe(0);
    expect(terminal.listReads()).toBe(2);
    const written = await rows();
    expect(statesOf(written)).toEqual(THIRTY.map(() => 'done'));
    expect(written.map(({ kind: each }) => each)).toEqual(THIRTY.map(() => 'restore'));
    expect(await effects()).toEqual(THIRTY.map(idOf));
  });

  it('adds and replaces credentials, and leaves those that only the terminal has', async () => {
    await start();
    const before = [person(1, {}, [finger(1, 1), finger(2, 1), finger(3, 1)]), person(2, { password: '', card: 22 })];
    const now = [
      person(1, { name: Buffer.from('Renamed') }, [finger(2, 9), finger(3, 1), finger(4, 9)]),
      person(2, { password: '77', card: 0 }),
    ];
    const stored = await storedOf(before);
    terminal.setPeople(now);
    const held = await read(now);
    expect(statesOf(await restoreSome(await ordersFor(before, stored)))).toEqual(['done', 'done']);
    const after = await read(before);
    const [one, two] = before.map((each) => after.get(idOf(each))!);
    const indexes = (snapshot: UserSnapshot): string[] =>
      snapshot.credentials
        .filter(({ kind: each }) => each === 'fingerprint')
        .map(({ index, digest: of }) => `${index} ${of}`);
    const [was, wanted] = [held, stored].map((each) => each.get(idOf(before[0]))!);
    expect(indexes(one)).toEqual([...indexes(wanted), indexes(was).at(-1)]);
    expect(one.user.details?.name).toBe('User 1');
    expect(two.user).toMatchObject({ hasPin: true, details: { cardNumber: '22' } });
    expect((await rows()).map(({ kind: each }) => each)).toEqual(['update', 'update']);
  });

  it('leaves alone whoever is not what was expected, and whoever is so already', async () => {
    await start();
    const people = [person(1), person(2), person(3)];
    const stored = await storedOf(people);
    const orders = await ordersFor(people, stored);
    const changed = [person(1, { name: Buffer.from('Other') }), person(2)];
    terminal.setPeople(changed);
    const was = new Map(terminal.state());
    terminal.forget();
    const outcomes = await restoreSome([...orders, orders[1]]);
    expect(statesOf(outcomes)).toEqual(['stale', 'unchanged', 'stale', 'stale']);
    expect(new Map(terminal.state())).toEqual(was);
    expect(terminal.writes()).toEqual({ allowed: 0, others: 0 });
    expect(await rows()).toEqual([]);
  });

  it('lets one refusal by the terminal stop no other user', async () => {
    await start();
    const people = Array.from({ length: 5 }, (_, i) => person(i + 1, { password: '' }));
    const stored = await storedOf(people);
    const whole = new Map(terminal.state());
    terminal.setPeople([]);
    const orders = await ordersFor(people, stored);
    terminal.refuse(2);
    const outcomes = await restoreSome(orders);
    expect(statesOf(outcomes)).toEqual(['done', 'not_done', 'done', 'done', 'done']);
    expect(outcomes[1]).toMatchObject({ code: 'device-writer/refused' });
    whole.delete(idOf(people[1]));
    expect(new Map(terminal.state())).toEqual(whole);
  });

  it('takes no more users than there is room for', async () => {
    await start({ userCapacity: 3 });
    const people = [person(1), person(2), person(3)];
    const stored = await storedOf(people);
    const other = person(9);
    terminal.setPeople([other]);
    const outcomes = await restoreSome(await ordersFor(people, stored));
    expect(statesOf(outcomes)).toEqual(['done', 'done', 'refused']);
    expect(outcomes[2]).toMatchObject({ code: 'no-room', reason: expect.stringMatching(/at most 3/) });
    expect(terminal.state().size).toBe(3);
  });

  it('writes nobody else once somebody was enrolled at the keypad meanwhile', async () => {
    await start();
    const people = Array.from({ length: 6 }, (_, i) => person(i + 1));
    const stored = await storedOf(people);
    terminal.setPeople([]);
    const orders = await ordersFor(people, stored);
    const [late] = [aUser(4, { userId: '9004', name: Buffer.from('Enrolled'), card: 4 })];
    onNth('sent', 3, () => terminal.enrol(late));
    const outcomes = await restoreSome(orders);
    expect(statesOf(outcomes)).toEqual(['done', 'done', 'done', 'not_done', 'not_done', 'not_done']);
    for (const { code } of outcomes.slice(3)) expect(code).toBe('device-writer/changed-meanwhile');
    expect((await rows()).slice(3).map(({ settledHow }) => settledHow)).toEqual(Array(3).fill('not sent'));
    expect(terminal.state().size).toBe(4);
    expect((await read([person(4)])).get(idOf(person(4)))?.user.details?.name).toBe('Enrolled');
  });

  it('begins nobody else once it is asked to stop', async () => {
    await start();
    const people = Array.from({ length: 4 }, (_, i) => person(i + 1));
    const stored = await storedOf(people);
    terminal.setPeople([]);
    const orders = await ordersFor(people, stored);
    const stopping = new AbortController();
    onNth('sent', 2, () => stopping.abort());
    const outcomes = await restoreSome(orders, { signal: stopping.signal });
    expect(statesOf(outcomes)).toEqual(['done', 'done', 'not_done', 'not_done']);
    expect(outcomes[3]).toMatchObject({ code: 'device-writer/out-of-time' });
    expect(terminal.state().size).toBe(2);
  });

  it('begins nobody for whom too little of the lease is left, and proves the others', async () => {
    await start();
    const people = Array.from({ length: 4 }, (_, i) => person(i + 1));
    const stored = await storedOf(people);
    terminal.setPeople([]);
    const orders = await ordersFor(people, stored);
    onNth('sent', 2, async () => {
      await app.database.dataSource.query(
        `update sync_locks set expires_at = clock_timestamp() + interval '10 s' where lock_key = $1`,
        [deviceLockKey(terminal.device.id)],
      );
    });
    const outcomes = await restoreSome(orders);
    expect(statesOf(outcomes)).toEqual(['done', 'done', 'not_done', 'not_done']);
    expect(outcomes[2]).toMatchObject({ code: 'device-writer/out-of-time' });
    expect(terminal.state().size).toBe(2);
  });

  it('keeps one user open whose consequence fails, and no other, until that can be settled', async () => {
    await start();
    const people = [person(1), person(2), person(3)];
    const stored = await storedOf(people);
    terminal.setPeople([]);
    noting.failing = idOf(people[1]);
    const orders = await ordersFor(people, stored);
    const outcomes = await restoreSome(orders);
    expect(statesOf(outcomes)).toEqual(['done', 'unsettled', 'done']);
    expect(statesOf(await rows())).toEqual(['done', 'open', 'done']);
    noting.failing = undefined;
    await app.get(OpenWrites).settleOpenWrites(terminal.device);
    expect(statesOf(await rows())).toEqual(['done', 'done', 'done']);
    expect((await effects()).toSorted()).toEqual(people.map(idOf));
  });

  it('merges into one user by himself only while he is what was read', async () => {
    await start();
    const wanted = person(1, {}, [finger(1, 1), finger(2, 2)]);
    const stored = await storedOf([wanted]);
    const whole = new Map(terminal.state());
    terminal.setPeople([person(1, { name: Buffer.from('Other') }, [finger(1, 9)])]);
    await terminal.ready();
    const target = await app.get(DevicesService).targetOf(terminal.device);
    await using writer = await app.get(DeviceWriters).open(target);
    const before = await writer.readUser(idOf(wanted), 'everything');
    terminal.setPeople([person(1, { name: Buffer.from('Another') }, [finger(1, 9)])]);
    terminal.forget();
    const merge = (): Promise<void> => writer.merge(before!, stored.get(idOf(wanted))!);
    await expect(merge()).rejects.toMatchObject({ code: 'device-writer/user-changed' });
    expect(terminal.writes()).toEqual({ allowed: 0, others: 0 });
    terminal.setPeople([person(1, { name: Buffer.from('Other') }, [finger(1, 9)])]);
    await merge();
    expect(new Map(terminal.state())).toEqual(whole);
    expect(terminal.writes().others).toBe(0);
  });

  it('settles by one read what a process that died in the middle has left', async () => {
    await start();
    const people = Array.from({ length: 20 }, (_, i) => person(i + 1, {}, i % 2 === 0 ? [] : [finger(1, i)]));
    const stored = await storedOf(people);
    const whole = new Map(terminal.state());
    terminal.setPeople([people[0]].map(({ user }) => person(1, { ...user, name: Buffer.from('Other') })));
    const orders = await ordersFor(people, stored);
    onNth('sent', 12, () => {
      throw new Error('the process ends here');
    });
    await expect(restoreSome(orders)).rejects.toThrow('the process ends here');
    expect(statesOf(await rows())).toEqual(people.map(() => 'open'));
    observer.at = async () => undefined;
    await terminal.ready();
    terminal.forget();
    await app.get(OpenWrites).settleOpenWrites(terminal.device);
    expect(terminal.listReads()).toBe(1);
    expect(terminal.writes()).toEqual({ allowed: 0, others: 0 });
    expect(statesOf(await rows())).toEqual(people.map((_, i) => (i < 12 ? 'done' : 'not_done')));
    expect(await effects()).toEqual(people.slice(0, 12).map(idOf));
    for (const [id, held] of terminal.state()) expect(held).toBe(whole.get(id));
    expect(terminal.state().size).toBe(12);
  });

  it('loses and doubles nobody when the connection is cut at any step', async () => {
    await start();
    const people = Array.from({ length: 4 }, (_, i) =>
      person(
        i + 1,
        {},
        i % 2 === 0 ? [] : kind.hasSlots ? [finger(1, i), finger(2, i, 3)] : [finger(1, i), finger(2, i)],
      ),
    );
    const stored = await storedOf(people);
    const whole = new Map(terminal.state());
    const cut = fc.tuple(fc.constantFrom(...terminal.cuts), fc.integer({ min: 1, max: 4 }));
    await fc.assert(
      fc.asyncProperty(cut, async ([{ set }, nth]) => {
        terminal.setPeople([]);
        const orders = await ordersFor(people, stored);
        const known = (await rows()).length;
        set(nth);
        const outcomes = await restoreSome(orders);
        terminal.clearFaults();
        await terminal.ready();
        if (outcomes.some(({ state }) => state === 'unsettled'))
          await app.get(OpenWrites).settleOpenWrites(terminal.device);
        const written = (await rows()).slice(known);
        expect(written).toHaveLength(people.length);
        const held = terminal.state();
        for (const { deviceUserId, state } of written) {
          const now = held.get(deviceUserId);
          if (state === 'done') expect(now).toBe(whole.get(deviceUserId));
          else if (state === 'not_done') expect(now).toBeUndefined();
          else
            expect({ state, isHalf: now !== undefined && now !== whole.get(deviceUserId) }).toEqual({
              state: 'undetermined',
              isHalf: true,
            });
        }
      }),
      { numRuns: FULL ? 60 : 6 },
    );
  });

  it('comes to exactly what was foreseen, whatever is held and whatever is wanted', async () => {
    await start({ userCapacity: 4 });
    const someFinger = fc.record({
      number: fc.integer({ min: 0, max: 3 }),
      seed: fc.constantFrom(1, 2),
      flag: fc.constantFrom(...(kind.hasSlots ? [1, 1, 1, 3] : [1])),
    });
    const someone = fc.record({
      nth: fc.integer({ min: 1, max: 6 }),
      slot: fc.integer({ min: 1, max: 6 }),
      card: fc.oneof(fc.integer({ min: 100, max: 999_999 }), fc.constantFrom(0, 5, 6)),
      pin: fc.constantFrom('1', '2', ...(kind.hasSlots ? [''] : [])),
      name: fc.constantFrom('Ann', 'Bo', ''),
      privilege: fc.constantFrom(0, ...(kind.hasSlots ? [14] : [1])),
      fingers: fc.uniqueArray(someFinger, { maxLength: 3, selector: ({ number }) => number }),
    });
    const state = fc
      .uniqueArray(someone, { minLength: 2, maxLength: 4, selector: ({ nth }) => nth })
      .map((people) => [...new Map(people.map((each) => [each.slot, each])).values()])
      .map((people) =>
        people.map(({ nth, slot, card, pin, name, privilege, fingers }) =>
          person(
            slot,
            { userId: String(9_000 + nth), card, password: pin, name: Buffer.from(name), privilege },
            fingers.map(({ number, seed, flag }) => finger(number, seed, flag)),
          ),
        ),
      );
    /** What is wanted, and what is held: some of it as it is, and others. */
    const pair = state.chain((wanted) =>
      fc.tuple(fc.constant(wanted), fc.subarray(wanted), state).map(([, kept, others]) => {
        const clashes = ({ user }: RigPerson): boolean =>
          kept.some((each) => each.user.slot === user.slot || each.user.userId === user.userId);
        return { wanted, held: [...kept, ...others.filter((other) => !clashes(other))].slice(0, 4) };
      }),
    );
    const seen = new Set<string>();
    const decoder = app.get(SnapshotDecoder);
    await fc.assert(
      fc.asyncProperty(pair, fc.boolean(), async ({ held, wanted }, sameTerminal) => {
        const stored = await storedOf(wanted);
        terminal.setPeople(held);
        const was = new Map(terminal.state());
        const orders = await ordersFor(wanted, stored);
        const wantedAlgorithm = kind.hasSlots ? '10' : null;
        const judged = await foresee(wanted, orders, { sameTerminal, wantedAlgorithm });
        const before = await read(wanted);
        const outcomes = await restoreSome(orders, { options: { sameTerminal, wantedAlgorithm } });
        const after = await read(wanted);
        for (const [i, { state: became, code }] of outcomes.entries()) {
          const id = idOf(wanted[i]);
          const judgement = judged[i];
          seen.add(judgement.action === 'refused' ? judgement.code : judgement.action);
          if (judgement.action === 'refused') {
            expect({ became, code }).toEqual({ became: 'refused', code: judgement.code });
            expect(terminal.state().get(id)).toBe(was.get(id));
            continue;
          }
          expect(became).toBe(judgement.action === 'unchanged' ? 'unchanged' : 'done');
          expect(after.get(id)?.bytes.toString()).toBe(judgement.after.bytes.toString());
          expectNothingLost(before.get(id), decoder.decode(orders[i].snapshot), after.get(id)!);
        }
        const ids = new Set<string>(wanted.map(idOf));
        for (const [id, bytes] of was) if (!ids.has(id)) expect(terminal.state().get(id)).toBe(bytes);
      }),
      { numRuns: FULL ? 300 : kind.isReference ? 100 : 25 },
    );
    const often = ['create', 'update'];
    const all = [...often, 'unchanged', 'no-room', 'card-taken', 'id-taken'];
    expect([...seen]).toEqual(expect.arrayContaining(kind.isReference ? all : often));
  });
});

/** What a forecast says, made of what the terminal tells before the batch. */
async function foresee(
  people: readonly RigPerson[],
  orders: readonly RestoreOrder[],
  options: RestoreBatchRequest['options'],
): Promise<RestoreJudgement[]> {
  await terminal.ready();
  const target = await app.get(DevicesService).targetOf(terminal.device);
  await using writer = await app.get(DeviceWriters).open(target);
  const { facts, traits, users } = await writer.readForBatch(new Set(people.map(idOf)));
  const forecast = RestoreForecast.from(facts, traits);
  return orders.map(({ snapshot }, i) => forecast.judge(users.get(idOf(people[i])), writer.decode(snapshot), options));
}

/** Whatever credential was there is there still, or is that of the snapshot. */
function expectNothingLost(before: UserSnapshot | undefined, wanted: UserSnapshot, after: UserSnapshot): void {
  const of = (snapshot: UserSnapshot | undefined): Map<string, string> =>
    new Map(snapshot?.credentials.map(({ kind, index, digest: each }) => [`${kind} ${index}`, each]));
  const expected = new Map([...of(before), ...of(wanted)]);
  expect(of(after)).toEqual(expected);
}
