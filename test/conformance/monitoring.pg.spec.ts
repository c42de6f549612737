import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { type EmulatedUser } from '@app/device-emulator';
import { DeviceError } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { DeviceUserDeletions, DeviceWriterModule } from '@app/device-writer';
import { DialInService } from '@app/dial-in';
import { administrator, AppError, canonicalDeviceUserId, RetrySchedule, systemActor } from '@app/kernel';
import {
  Incident,
  IncidentsService,
  IncidentUser,
  lossLevelOf,
  MonitoringModule,
  type PollResult,
  UserPoll,
} from '@app/monitoring';
import { Notifications } from '@app/notification';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import { Logger } from '@nestjs/common';
import {
  aUser,
  dialInUrl,
  emptyTables,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  RecordingNotifications,
  SYNCED_KINDS,
  type SyncedTerminal,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';
import { SIZES } from '../chaos/sizes.js';

const RUNS = { numRuns: 100 };
const FAULT_SEQUENCES = SIZES.full ? 1_000 : 40;
const MINUTE_MS = 60_000;
const PATIENCE = 3;
const MINA = administrator('mina');
jest.setTimeout(SIZES.testMs);

const clock = new ManualClock();
const notifications = new RecordingNotifications();
const modules = [SyncServicesModule, MonitoringModule, DeviceWriterModule];
const setting = {
  clock,
  timeouts: { ...QUICK_TIMEOUTS, idleMs: 250, replyMs: 250, pageMs: 200 },
  coordination: { ttlMs: 300_000, retries: new RetrySchedule(0, 1) },
  provide: [[Notifications, notifications]] as const,
  env: { AIFACE_PORT: '0' },
};
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp(modules, setting);
  await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

/** Users with the IDs and cards 1 to `count`. */
function crowd(count: number): EmulatedUser[] {
  return Array.from({ length: count }, (_, i) => aUser(i + 1, { userId: String(i + 1), card: 1_001 + i }));
}

/** What monitoring must do, whatever kind of terminal it watches (requirement 9). */
describe.each(SYNCED_KINDS)('monitoring a terminal of kind $name', (kind) => {
  let terminal: SyncedTerminal;
  let device: Device;

  async function fresh(users: readonly EmulatedUser[] = []): Promise<AsyncDisposable> {
    const { dataSource } = app.database;
    await emptyTables(
      dataSource,
      'device_user_stays',
      'device_watch',
      'device_observations',
      'device_user_count_history',
      'incident_users',
      'incidents',
      'device_user_buffer',
      'device_user_details_read',
      'sync_runs',
    );
    await dataSource.query('delete from devices');
    notifications.clear();
    terminal = await kind.start(app, users);
    ({ device } = terminal);
    return terminal;
  }

  /** Time-outs are short for the sake of the faults: where there is none, a busy machine is given another chance. */
  async function poll(from: TestApp = app): Promise<PollResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await terminal.ready();
        return await pollAsItIs(from);
      } catch (error) {
        if (attempt === PATIENCE || !(error instanceof DeviceError)) throw error;
      }
    }
  }

  /** Without waiting for a terminal that may never be ready. */
  async function pollAsItIs(from: TestApp = app): Promise<PollResult> {
    clock.advance(5 * MINUTE_MS);
    return from.get(UserPoll).execute(device, { actor: systemActor });
  }

  async function missing(): Promise<string[]> {
    const users = await app.database.dataSource.getRepository(IncidentUser).findBy({ state: 'missing' });
    return users.map(({ deviceUserId }) => deviceUserId).toSorted();
  }

  async function incidents(): Promise<Incident[]> {
    return app.database.dataSource.getRepository(Incident).find({ order: { id: 'ASC' } });
  }

  const idsOf = (users: readonly EmulatedUser[]): string[] =>
    users.map(({ userId }) => canonicalDeviceUserId(userId)).toSorted();

  const without = (users: readonly string[], others: readonly string[]): string[] =>
    users.filter((id) => !others.includes(id));

  it('Property 23: Disappearance detection: of two complete reads, a warning lists exactly who is in the first alone', async () => {
    const lists = kind
      .content(12)
      .chain((users) => fc.tuple(fc.constant(users), fc.subarray([...users]), fc.subarray([...users])));
    await fc.assert(
      fc.asyncProperty(lists, async ([, first, second]) => {
        await using _ = await fresh(first);
        await poll();
        const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
        try {
          terminal.setUsers(second);
          await poll();
          const gone = without(idsOf(first), idsOf(second));
          const warned = warn.mock.calls
            .map(([message]) => message as { msg: string; device_user_ids?: string[] })
            .filter(({ msg }) => msg === 'users are missing from the terminal');
          expect(warned.map(({ device_user_ids: ids }) => ids?.toSorted())).toEqual(gone.length > 0 ? [gone] : []);
          expect(await missing()).toEqual(gone);
        } finally {
          warn.mockRestore();
        }
      }),
      RUNS,
    );
  });

  it('believes no fault to be a disappearance, and overlooks none behind faults', async () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('change' as const), keep: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('fault' as const), place: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('withhold' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('miscount' as const) }) },
    );
    const story = fc.array(step, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), story, async (count, steps) => {
        const all = crowd(count);
        await using _ = await fresh(all);
        await poll();
        let there = all;
        const seen = new Set(idsOf(all));
        for (const each of steps) {
          if (each.kind === 'change') there = all.filter((_, i) => (each.keep >> i) & 1);
          terminal.setUsers(there);
          await terminal.ready();
          if (each.kind === 'fault') terminal.setFault(each.place % kind.faults);
          if (each.kind === 'withhold') terminal.withhold();
          if (each.kind === 'miscount') terminal.miscount();
          const before = await missing();
          const read = await pollAsItIs().catch((error: unknown) => {
            if (!(error instanceof AppError)) throw error;
            return undefined;
          });
          expect(await missing()).toEqual(read ? without([...seen].toSorted(), idsOf(there)) : before);
          terminal.clearFaults();
        }
        await poll();
        expect(await missing()).toEqual(without([...seen].toSorted(), idsOf(there)));
      }),
      { numRuns: FAULT_SEQUENCES },
    );
  });

  it.each([
    { left: 0, level: 'hard_trip', kind: 'device_reset' },
    { left: 50, level: 'hard_trip', kind: 'disappearance' },
    { left: 79, level: 'hard_trip', kind: 'disappearance' },
    { left: 94, level: 'trip', kind: 'disappearance' },
    { left: 99, level: 'notice', kind: 'disappearance' },
  ])('alarms with $level when 100 users become $left, and still does after a restart and ten polls', async (loss) => {
    const users = crowd(100);
    await using _ = await fresh(users);
    await poll();
    terminal.setUsers(users.slice(0, loss.left));
    await poll();
    const lost = 100 - loss.left;
    const expected = { state: 'open', level: loss.level, kind: loss.kind, missingUsers: lost, knownUsers: 100 };
    expect(await incidents()).toMatchObject([expected]);
    expect(notifications.topics()).toEqual(['incident_opened']);
    // A terminal that dials in stays with the server that it is connected to.
    const other = kind.name === 'aiface' ? app : await openTestApp(modules, { ...setting, database: app.database });
    try {
      for (let again = 0; again < 10; again += 1) await poll(other);
    } finally {
      if (other !== app) await other[Symbol.asyncDispose]();
    }
    expect(await incidents()).toMatchObject([expected]);
    expect(notifications.topics()).toEqual(['incident_opened']);
  });

  it('follows an incident: it grows, recovers in part, closes when all are back, and opens again when it flaps', async () => {
    const users = crowd(10);
    await using _ = await fresh(users);
    await poll();
    terminal.setUsers(users.slice(1));
    await poll();
    terminal.setUsers(users.slice(2));
    await poll();
    terminal.setUsers(users.slice(1));
    const partly = await poll();
    expect(partly.returned.map(({ deviceUserId }) => deviceUserId)).toEqual(idsOf([users[1]]));
    terminal.setUsers(users);
    await poll();
    expect(await incidents()).toMatchObject([
      { state: 'recovered', missingUsers: 0, mostMissing: 2, closedBy: 'system' },
    ]);
    terminal.setUsers(users.slice(1));
    await poll();
    expect(await incidents()).toMatchObject([{ state: 'open', missingUsers: 1, reopened: 1, closedAt: null }]);
    expect(notifications.topics()).toEqual([
      'incident_opened',
      'incident_grown',
      'incident_recovering',
      'incident_closed',
      'incident_opened',
    ]);
  });

  it('does not report whom an administrator deleted', async () => {
    const users = crowd(30);
    await using _ = await fresh(users);
    await poll();
    const [id] = idsOf(users.slice(0, 1));
    await app
      .get(DeviceUserDeletions)
      .delete(device, canonicalDeviceUserId(id), { reason: 'left the company', actor: MINA });
    expect(await poll()).toMatchObject({ missing: [], userCount: 29 });
    expect(await incidents()).toEqual([]);
    // Nor later, when there are other users missing.
    terminal.setUsers(users.slice(2));
    expect((await poll()).missing.map(({ deviceUserId }) => deviceUserId)).toEqual(idsOf(users.slice(1, 2)));
  });

  it('lets an administrator say who is gone on purpose, and accept the rest; then both are missed no more', async () => {
    const users = crowd(20);
    await using _ = await fresh(users);
    await poll();
    terminal.setUsers(users.slice(3));
    await poll();
    const [{ id }] = await incidents();
    const service = app.get(IncidentsService);
    const [first, ...others] = idsOf(users.slice(0, 3)).map((each) => canonicalDeviceUserId(each));
    await service.markIntended(id, { deviceUserIds: [first], reason: 'left at the keypad', actor: MINA });
    await expect(
      service.markIntended(id, { deviceUserIds: [first], reason: 'once more', actor: MINA }),
    ).rejects.toMatchObject({ code: 'monitoring/not-missing' });
    expect(await missing()).toEqual(others.toSorted());
    await service.acknowledge(id, { reason: 'nobody knows', actor: MINA });
    await expect(service.acknowledge(id, { reason: 'once more', actor: MINA })).rejects.toMatchObject({
      code: 'monitoring/incident-closed',
    });
    expect(await poll()).toMatchObject({ missing: [] });
    expect(await incidents()).toMatchObject([{ state: 'acknowledged', closedBy: 'mina', closeReason: 'nobody knows' }]);
    const audited = await app.database.dataSource.getRepository(AuditEntry).findBy({ deviceId: device.id });
    expect(audited.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['users_missing', 'users_marked_intended', 'incident_acknowledged']),
    );
    // Whoever comes back is somebody new, and is looked for again.
    terminal.setUsers(users);
    expect((await poll()).arrived).toHaveLength(3);
    terminal.setUsers(users.slice(1));
    expect((await poll()).missing).toHaveLength(1);
  });

  it('writes to a terminal that lost many users only when that is confirmed', async () => {
    const users = crowd(20);
    await using _ = await fresh(users);
    await poll();
    terminal.setUsers(users.slice(4));
    await poll();
    const deletions = app.get(DeviceUserDeletions);
    const id = canonicalDeviceUserId(users[10].userId);
    const wanted = { reason: 'left the company', actor: MINA };
    const before = terminal.snapshot();
    await expect(deletions.delete(device, id, wanted)).rejects.toMatchObject({ code: 'monitoring/tripped' });
    expect(terminal.snapshot()).toBe(before);
    await deletions.delete(device, id, { ...wanted, confirmTripped: true });
    expect(await poll()).toMatchObject({ userCount: 15, missing: [] });
  });

  it('compares what runs read too, and buffers at once whom a poll meets', async () => {
    const users = crowd(6);
    await using _ = await fresh(users.slice(1));
    await app.get(MachineSyncService).syncDevice(device, systemActor);
    terminal.setUsers(users.slice(0, 4));
    await terminal.ready();
    const { watched } = await app.get(MachineSyncService).syncDevice(device, systemActor);
    expect(watched?.missing).toHaveLength(2);
    terminal.setUsers(crowd(7));
    expect(await poll()).toMatchObject({ userCount: 7 });
    const [{ buffered }] = await app.database.dataSource.query<{ buffered: number }[]>(
      'select count(*)::int as buffered from device_user_buffer',
    );
    expect(buffered).toBe(7);
  });
});

describe('the level of a loss', () => {
  it('is that of the safety design', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(), (known, pick) => {
        const missing = (pick % known) + 1;
        const hard = missing === known || (known >= 10 && missing > known * 0.2) || missing >= 500;
        const trip = missing > Math.max(2, known * 0.05);
        expect(lossLevelOf(missing, known)).toBe(hard ? 'hard_trip' : trip ? 'trip' : 'notice');
      }),
      { numRuns: 1_000 },
    );
  });
});
