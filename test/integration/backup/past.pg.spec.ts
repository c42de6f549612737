import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type BackedUpUser, DeviceBackup, DevicePastModule, DevicePastService, PastBackups } from '@app/backup';
import { type EmulatedUser, ZkTerminal } from '@app/device-emulator';
import { type Device } from '@app/devices';
import { compareDeviceUserIds, type DeviceUserId, systemActor } from '@app/kernel';
import { MonitoringModule, UserPoll } from '@app/monitoring';
import { aUser, deviceOf, ManualClock, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

jest.setTimeout(60_000);
const MINUTE_MS = 60_000;
const START = new Date('2026-01-31T00:00:00Z');
const PEOPLE = 6;

/** Opens what a test put into it. */
class BackupsInMemory extends PastBackups {
  readonly users = new Map<string, readonly BackedUpUser[]>();

  async *contents(backupId: string): AsyncIterable<BackedUpUser> {
    yield* this.users.get(backupId) ?? [];
  }
}

const clock = new ManualClock(START);
const backups = new BackupsInMemory();
let app: TestApp;
let terminal: ZkTerminal;
let device: Device;

beforeAll(async () => {
  app = await openTestApp([DevicePastModule, MonitoringModule], { clock, provide: [[PastBackups, backups]] });
});
afterAll(async () => {
  await terminal.stop();
  await app[Symbol.asyncDispose]();
});
beforeEach(startAnew);

async function startAnew(): Promise<void> {
  await terminal?.stop();
  clock.set(START);
  // Ports come back, and no two devices may have one address.
  await app.database.dataSource.query('truncate devices');
  terminal = await ZkTerminal.start({ transports: ['tcp'], serialNumber: `SN${Math.random()}` });
  device = await deviceOf(app.database.dataSource, terminal);
}

const at = (minutes: number): Date => new Date(START.getTime() + minutes * MINUTE_MS);
const idOf = (n: number): DeviceUserId => String(101 + n) as DeviceUserId;
const userOf = (n: number, change: Partial<EmulatedUser> = {}): EmulatedUser =>
  aUser(n + 1, { userId: idOf(n), name: Buffer.from(`User ${n}`), ...change });

async function read(users: Iterable<number>, { proven = true } = {}): Promise<void> {
  terminal.setUsers([...users].map((n) => userOf(n)));
  terminal.faults = proven ? {} : { lies: { userCounter: 1 } };
  const polled = app.get(UserPoll).execute(device, { actor: systemActor });
  if (proven) await polled;
  else await expect(polled).rejects.toMatchObject({ code: 'device/incomplete-read' });
}

async function backUp(users: Iterable<number>, takenAt: Date, contents: readonly BackedUpUser[] = []): Promise<void> {
  const userIds = [...users].map(idOf).toSorted(compareDeviceUserIds);
  const { id } = await app.database.dataSource.getRepository(DeviceBackup).save({
    deviceId: device.id,
    filename: `${device.id}-${takenAt.getTime()}.hfb.age`,
    takenAt,
    trigger: 'schedule',
    requestedBy: 'system',
    protocol: 'zk',
    serialNumber: terminal.serialNumber,
    userCount: userIds.length,
    credentialCount: 0,
    userIds,
    encrypted: true,
    sizeBytes: '1000',
    digest: '00',
    checkedAt: takenAt,
    durationMs: 1,
  });
  backups.users.set(id, contents);
}

interface Answer {
  readonly moment: Record<string, unknown>;
  readonly items: readonly Record<string, unknown>[];
  readonly count: number;
  readonly next_cursor: string | null;
}

async function get<T>(path: string, query: Record<string, string>, status = 200): Promise<T> {
  const { body } = await request(app.app.getHttpServer())
    .get(`/api/devices/${device.id}/users${path}`)
    .query(query)
    .auth(TEST_TOKEN, { type: 'bearer' })
    .expect(status);
  return body as T;
}

const usersAt = (moment: Date): Promise<Answer> => get('', { at: moment.toISOString() });
const diff = <T = Record<string, unknown>>(from: Date, to: Date, status = 200): Promise<T> =>
  get('/diff', { from: from.toISOString(), to: to.toISOString() }, status);

/** What was looked at, and what it showed. */
interface Look {
  readonly at: Date;
  readonly kind: 'read' | 'backup';
  readonly shown: ReadonlySet<number>;
}

/** A day of a terminal, as somebody would tell it who wrote all of it down. */
class Diary {
  readonly looks: Look[] = [];

  before(moment: Date, kind?: Look['kind']): Look | undefined {
    return this.looks.findLast((look) => look.at <= moment && look.kind === (kind ?? look.kind));
  }

  after(moment: Date, kind?: Look['kind']): Look | undefined {
    return this.looks.find((look) => look.at > moment && look.kind === (kind ?? look.kind));
  }

  usersAt(moment: Date): Record<string, string> {
    const [before, after] = [this.before(moment), this.after(moment)];
    if (!before) return {};
    const people = [...new Set([...before.shown, ...(after?.shown ?? [])])].toSorted((a, b) => a - b);
    return Object.fromEntries(people.map((n) => [idOf(n), this.certaintyOf(n, moment)]));
  }

  /** The reads of a range that did not show who the read before them did. */
  departures(n: number, from: Date, to: Date): Date[] {
    const reads = this.looks.filter(({ kind }) => kind === 'read');
    return reads
      .filter((look, i) => i > 0 && reads[i - 1].shown.has(n) && !look.shown.has(n))
      .map((look) => look.at)
      .filter((gone) => gone > from && gone <= to);
  }

  private certaintyOf(n: number, moment: Date): string {
    const [before, after] = [this.before(moment), this.after(moment)];
    if (after && before?.shown.has(n) !== after.shown.has(n)) return 'between_reads';
    const byReads = this.before(moment, 'read')?.shown.has(n) || (after?.kind === 'read' && after.shown.has(n));
    if (!byReads) return 'backup';
    return after ? 'seen' : 'last_seen';
  }
}

const presence = fc.uniqueArray(fc.nat(PEOPLE - 1), { maxLength: PEOPLE });
/** Near reads of one set are kept as a whole, and single instants in it are not known; far ones are each kept. */
const anyDay = fc.oneof(
  fc.array(
    fc.record({
      kind: fc.constantFrom('read', 'read', 'fail'),
      minutes: fc.integer({ min: 1, max: 12 }),
      shown: presence,
    }),
    {
      minLength: 3,
      maxLength: 9,
    },
  ),
  fc.array(
    fc.record({
      kind: fc.constantFrom('read', 'backup', 'fail'),
      minutes: fc.integer({ min: 13, max: 90 }),
      shown: presence,
    }),
    { minLength: 3, maxLength: 9 },
  ),
);
type Day = typeof anyDay extends fc.Arbitrary<infer T> ? T : never;

async function live(day: Day): Promise<Diary> {
  const diary = new Diary();
  for (const { kind, minutes, shown } of day) {
    clock.advance(minutes * MINUTE_MS);
    const now = clock.now();
    if (kind === 'backup') await backUp(shown, now);
    else await read(shown, { proven: kind === 'read' });
    if (kind !== 'fail')
      diary.looks.push({ at: now, kind: kind === 'backup' ? 'backup' : 'read', shown: new Set(shown) });
  }
  return diary;
}

function momentsOf(diary: Diary): Date[] {
  const looked = diary.looks.map((look) => look.at.getTime());
  return [...looked, ...looked.map((ms) => ms - 30_000), clock.now().getTime()].map((ms) => new Date(ms));
}

it('who was there at any moment is what was seen before and after it', async () => {
  let moments = 0;
  await fc.assert(
    fc.asyncProperty(anyDay, async (day) => {
      await startAnew();
      const diary = await live(day);
      for (const moment of momentsOf(diary)) {
        const { items, known } = await app.get(DevicePastService).findUsersAt(device.id, { at: moment, limit: 100 });
        expect(Object.fromEntries(items.map((user) => [user.deviceUserId, user.certainty]))).toEqual(
          diary.usersAt(moment),
        );
        expect(known).toBe(diary.before(moment) !== undefined);
        moments += 1;
      }
    }),
    { numRuns: 30 },
  );
  expect(moments).toBeGreaterThan(100);
});

it('what changed between any two moments is what each was known to show', async () => {
  await fc.assert(
    fc.asyncProperty(anyDay, async (day) => {
      await startAnew();
      const diary = await live(day);
      const moments = momentsOf(diary).toSorted((a, b) => a.getTime() - b.getTime());
      for (const [i, from] of moments.slice(0, -1).entries()) {
        const to = moments[i + 1 + ((i * 7) % (moments.length - i - 1))];
        if (to <= from) continue;
        const [before, after] = [diary.before(from)?.shown, diary.before(to)?.shown];
        const told = await diff<Record<string, { device_user_id: string }[]>>(from, to);
        const idsIn = (list: string): string[] => told[list].map((user) => user.device_user_id);
        const everybody = Array.from({ length: before && after ? PEOPLE : 0 }, (_, n) => n);
        const idsWhere = (wanted: (was: boolean, is: boolean, gone: number) => number): string[] =>
          everybody.flatMap((n) => {
            const times = wanted(before!.has(n), after!.has(n), diary.departures(n, from, to).length);
            return Array.from({ length: times }, () => idOf(n));
          });
        expect(idsIn('arrived')).toEqual(idsWhere((was, is) => Number(!was && is)));
        expect(idsIn('departed')).toEqual(idsWhere((was, is) => Number(was && !is)));
        expect(idsIn('went_and_came_back')).toEqual(idsWhere((was, is, gone) => (was && is ? gone : 0)));
        expect(idsIn('came_and_went')).toEqual(idsWhere((was, is, gone) => (!was && !is ? gone : 0)));
      }
    }),
    { numRuns: 15 },
  );
});

describe('a moment', () => {
  it('by which nobody had looked is not taken for an empty terminal', async () => {
    clock.set(at(60));
    await read([0, 1]);
    expect(await usersAt(at(59))).toMatchObject({
      items: [],
      count: 0,
      moment: { known: false, last_complete_read_at: null, next_complete_read_at: at(60).toISOString() },
    });
    expect(await usersAt(at(60))).toMatchObject({
      count: 2,
      moment: { known: true, last_complete_read_at: at(60).toISOString() },
    });
  });

  it('of before monitoring began is told by backups, which later confirm what reads showed', async () => {
    await backUp([0, 1], at(0));
    await backUp([1], at(30));
    clock.set(at(60));
    await read([1, 2]);
    const { items, moment } = await usersAt(at(10));
    expect(items).toEqual([
      expect.objectContaining({
        device_user_id: '101',
        name: null,
        certainty: 'between_reads',
        since: at(0).toISOString(),
      }),
      expect.objectContaining({ device_user_id: '102', certainty: 'backup', since: at(0).toISOString() }),
    ]);
    expect(moment).toMatchObject({
      known: true,
      last_complete_read_at: null,
      observed: null,
      backup_before: { taken_at: at(0).toISOString(), user_count: 2 },
      backup_after: { taken_at: at(30).toISOString(), user_count: 1 },
    });
    await app.database.dataSource.query(`update device_backups set state = 'invalid', state_reason = 'cut'`);
    expect(await usersAt(at(10))).toMatchObject({ items: [], moment: { known: false } });
  });

  it('is now unless given, in pages of one and the same moment', async () => {
    clock.set(at(60));
    await read([0, 1, 2]);
    clock.set(at(70));
    const first = await get<Answer>('', { limit: '2' });
    expect(first).toMatchObject({ count: 3, moment: { at: at(70).toISOString(), observed: null } });
    expect(first.items[0]).toEqual({
      device_user_id: '101',
      name: 'User 0',
      card_number: null,
      slot: 1,
      since: at(60).toISOString(),
      until: null,
      certainty: 'last_seen',
    });
    clock.set(at(80));
    await read([0, 1]);
    const second = await get<Answer>('', { limit: '2', cursor: first.next_cursor! });
    expect(second).toMatchObject({ moment: { at: at(70).toISOString() }, next_cursor: null });
    expect(second.items).toMatchObject([
      { device_user_id: '103', certainty: 'between_reads', until: at(60).toISOString() },
    ]);
    await get('', { cursor: 'nonsense' }, 400);
  });
});

describe('a difference', () => {
  const snapshotOf = (
    user: EmulatedUser,
    fingers: Readonly<Record<number, string>>,
    depth = 'everything',
  ): BackedUpUser => {
    terminal.setUsers([user]);
    const templates = Object.entries(fingers).map(([finger, text]) => {
      return { finger: Number(finger), flag: 1, template: Buffer.from(text).toString('base64') };
    });
    const record = terminal.state.records.get(user.slot)!.toString('base64');
    const snapshot = Buffer.from(
      JSON.stringify({ format: 'holdfast-user/1', protocol: 'zk', depth, record, templates }),
    );
    return { deviceUserId: user.userId as DeviceUserId, name: String(user.name), snapshot };
  };

  it('tells how people went, and who came back', async () => {
    clock.set(at(60));
    await read([0, 1, 2]);
    clock.set(at(65));
    await read([2, 3]);
    clock.set(at(70));
    await read([1, 2, 3]);
    expect(await diff(at(61), at(71))).toMatchObject({
      known: true,
      counts: { arrived: 1, departed: 1, went_and_came_back: 1, came_and_went: 0, changes: null },
      arrived: [{ device_user_id: '104', name: 'User 3', at: at(65).toISOString() }],
      departed: [
        { device_user_id: '101', how: 'missing', last_seen_at: at(60).toISOString(), gone_at: at(65).toISOString() },
      ],
      went_and_came_back: [{ device_user_id: '102', how: 'returned', gone_at: at(65).toISOString() }],
      changes: null,
      changes_missing: { code: 'no-backup' },
    });
    expect(await diff(at(59), at(71))).toMatchObject({ known: false, arrived: [], departed: [] });
  });

  it('of names, cards and fingers comes from the backups, and shows no PIN', async () => {
    const was = [
      snapshotOf(userOf(0, { card: 5_001, password: '73519' }), { 6: 'left', 7: 'right' }),
      snapshotOf(userOf(1), {}),
    ];
    const is = [
      snapshotOf(userOf(0, { card: 5_002, name: Buffer.from('Anna') }), { 6: 'other', 8: 'new' }),
      snapshotOf(userOf(1), {}),
    ];
    await backUp([0, 1], at(10), was);
    await backUp([0, 1], at(20), is);
    clock.set(at(60));
    const told = await diff(at(15), at(25));
    expect(told).toMatchObject({
      changes_missing: null,
      changes: [
        {
          device_user_id: '101',
          name: { from: 'User 0', to: 'Anna' },
          card_number: { from: '5001', to: '5002' },
          privilege: null,
          has_pin: { from: true, to: false },
          credentials_added: [{ kind: 'fingerprint', index: 8 }],
          credentials_removed: [{ kind: 'fingerprint', index: 7 }],
          credentials_replaced: [{ kind: 'fingerprint', index: 6 }],
        },
      ],
    });
    expect(JSON.stringify(told)).not.toContain('73519');
    expect(await diff(at(11), at(19))).toMatchObject({ changes: null, changes_missing: { code: 'same-backup' } });
  });

  it('says of a backup without a key nothing that it could not hold, and of a damaged one why it tells nothing', async () => {
    await backUp([0], at(10), [snapshotOf(userOf(0, { password: '73519' }), { 6: 'left' })]);
    await backUp([0], at(20), [snapshotOf(userOf(0), {}, 'attributes')]);
    await backUp([0], at(30), [{ deviceUserId: idOf(0), name: null, snapshot: Buffer.from('{}') }]);
    clock.set(at(60));
    expect(await diff(at(15), at(25))).toMatchObject({ changes: [], changes_missing: null });
    expect(await diff(at(25), at(35))).toMatchObject({
      changes: null,
      changes_missing: { code: 'device-writer/bad-snapshot' },
    });
  });

  it('is of up to 400 days, the earlier moment first', async () => {
    clock.set(at(60));
    expect(await diff(at(30), at(20), 400)).toMatchObject({ code: 'monitoring/bad-range' });
    expect(await diff(at(-401 * 24 * 60), at(0), 400)).toMatchObject({ code: 'monitoring/bad-range' });
    await get('/diff', {}, 400);
  });
});
