import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type EmulatedUser } from '@app/device-emulator';
import { DeviceUserDeletions, DeviceWriterModule } from '@app/device-writer';
import { DialInService } from '@app/dial-in';
import { administrator, AppError, canonicalDeviceUserId, RetrySchedule, systemActor } from '@app/kernel';
import { Incident, IncidentsService, MonitoringModule, UserPoll } from '@app/monitoring';
import { Notifications } from '@app/notification';
import {
  aUser,
  dialInUrl,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  RecordingNotifications,
  SYNCED_AIFACE,
  SYNCED_ZK,
  type SyncedKind,
  type SyncedTerminal,
  type TestApp,
  withoutTriggers,
} from '@test/support';
import { SIZES } from './sizes.js';

/** What happens between two polls is seen by the second, so that polls further apart find no less. */
const SITE = SIZES.full
  ? { zk: 18, aiface: 2, days: 30, stepMinutes: 10, eventful: 1 }
  : { zk: 2, aiface: 1, days: 2, stepMinutes: 30, eventful: 4 };
const STEPS_A_DAY = (24 * 60) / SITE.stepMinutes;
/** Terminals that are polled at once. */
const AT_ONCE = 4;
jest.setTimeout(SIZES.testMs);

const clock = new ManualClock();
const notifications = new RecordingNotifications();
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([MonitoringModule, DeviceWriterModule], {
    clock,
    timeouts: QUICK_TIMEOUTS,
    coordination: { ttlMs: 3_600_000, retries: new RetrySchedule(0, 1) },
    provide: [[Notifications, notifications]],
    env: { AIFACE_PORT: '0' },
  });
  await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

/** Numbers that look random, the same for each seed. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One door of the site, with all that ever happens to it. */
class Door {
  readonly seen = new Set<string>();
  readonly deleted = new Set<string>();
  private there: EmulatedUser[];
  private readonly gone: EmulatedUser[] = [];
  private enrolled: number;
  private outageSteps = 0;

  private constructor(
    readonly terminal: SyncedTerminal,
    private readonly kind: SyncedKind,
    private readonly chance: () => number,
    users: EmulatedUser[],
  ) {
    this.there = users;
    this.enrolled = users.length;
  }

  static async open(kind: SyncedKind, seed: number): Promise<Door> {
    const chance = chances(seed);
    const users = Array.from({ length: 5 + Math.floor(chance() * 30) }, (_, i) => Door.user(i + 1));
    return new Door(await kind.start(app, users), kind, chance, users);
  }

  /** What may happen in one step: mostly nothing. */
  async live(): Promise<void> {
    const lot = (this.chance() * STEPS_A_DAY) / SITE.eventful;
    if (lot < 1) this.enrol();
    else if (lot < 1.7) this.lose(1 + Math.floor(this.chance() * 3));
    else if (lot < 1.8) this.lose(Math.ceil(this.there.length * this.chance()));
    else if (lot < 2.5) this.bringBack();
    else if (lot < 3.2) this.beginOutage();
    else if (lot < 3.7) await this.deleteOne();
    else if (lot < 4.2) await this.decide();
    if (this.outageSteps > 0 && --this.outageSteps === 0) this.terminal.clearFaults();
  }

  /** A poll; whom a complete one showed has been seen. */
  async poll(): Promise<boolean> {
    try {
      await this.terminal.ready();
      await app.get(UserPoll).execute(this.terminal.device, { actor: systemActor });
      for (const user of this.there) this.seen.add(canonicalDeviceUserId(user.userId));
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return false;
    }
  }

  ids(): Set<string> {
    return new Set(this.there.map(({ userId }) => canonicalDeviceUserId(userId)));
  }

  endOutage(): void {
    this.outageSteps = 0;
    this.terminal.clearFaults();
  }

  private static user(number: number): EmulatedUser {
    return aUser(number, { userId: String(number), card: 10_000 + number });
  }

  private hold(users: EmulatedUser[]): void {
    this.there = users;
    this.terminal.setUsers(users);
  }

  private enrol(): void {
    this.enrolled += 1;
    this.hold([...this.there, Door.user(this.enrolled)]);
  }

  private lose(count: number): void {
    const start = Math.floor(this.chance() * this.there.length);
    const lost = this.there.slice(start, start + count);
    this.gone.push(...lost);
    this.hold(this.there.filter((user) => !lost.includes(user)));
  }

  private bringBack(): void {
    const back = this.gone.splice(0, 1 + Math.floor(this.chance() * 2));
    this.hold([...this.there, ...back]);
  }

  private beginOutage(): void {
    this.outageSteps = 1 + Math.floor(this.chance() * 4);
    this.terminal.setFault(Math.floor(this.chance() * this.kind.faults));
  }

  /** An administrator deletes somebody, if there is no outage; its budgets are for days that pass faster here. */
  private async deleteOne(): Promise<void> {
    const user = this.there[Math.floor(this.chance() * this.there.length)];
    if (!user || this.outageSteps > 0) return;
    const id = canonicalDeviceUserId(user.userId);
    const wanted = { reason: 'left the school', actor: administrator('mina'), confirmTripped: true };
    await this.terminal.ready();
    await app.get(DeviceUserDeletions).delete(this.terminal.device, id, wanted);
    await withoutTriggers(app.database.dataSource, (tx) =>
      tx.query(
        `update device_writes set opened_at = opened_at - interval '2 days' where opened_at > now() - interval '1 day'`,
      ),
    );
    this.there = this.there.filter((each) => each !== user);
    // Who was enrolled and deleted between two polls was never met.
    this.deleted.add(id);
  }

  /** An administrator looks at what is open, and accepts it, or says of one user that it was meant so. */
  private async decide(): Promise<void> {
    const where = { deviceId: this.terminal.device.id, state: 'open' as const };
    const open = await app.database.dataSource.getRepository(Incident).findOneBy(where);
    if (!open) return;
    const incidents = app.get(IncidentsService);
    const decision = { reason: 'seen by the porter', actor: administrator('mina') };
    const [first] = (await incidents.describe(open.id)).users.filter(({ state }) => state === 'missing');
    if (this.chance() < 0.5) await incidents.acknowledge(open.id, decision);
    else await incidents.markIntended(open.id, { ...decision, deviceUserIds: [first.deviceUserId] });
  }
}

/** How the program explains where a user is who was seen once. */
async function explanationsOf(door: Door): Promise<Map<string, string>> {
  const { id } = door.terminal.device;
  const rows = await app.database.dataSource.query<{ user: string; how: string }[]>(
    `select u.device_user_id as user, 'in an incident' as how from incident_users u
       join incidents i on i.id = u.incident_id where i.device_id = $1
     union select device_user_id, 'deleted' from device_writes where device_id = $1 and kind = 'delete' and state = 'done'`,
    [id],
  );
  return new Map(rows.map(({ user, how }) => [user, how]));
}

async function eachDoor(doors: readonly Door[], work: (door: Door) => Promise<void>): Promise<void> {
  const waiting = [...doors];
  const worker = async (): Promise<void> => {
    for (let door = waiting.shift(); door; door = waiting.shift()) await work(door);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

it(`explains every user ever seen in ${SITE.days} days of ${SITE.zk + SITE.aiface} terminals`, async () => {
  const doors: Door[] = [];
  for (let i = 0; i < SITE.zk + SITE.aiface; i += 1)
    doors.push(await Door.open(i < SITE.zk ? SYNCED_ZK : SYNCED_AIFACE, 4_711 + i));
  try {
    await eachDoor(doors, async (door) => void (await door.poll()));
    for (let step = 1; step <= SITE.days * STEPS_A_DAY; step += 1) {
      await eachDoor(doors, async (door) => {
        await door.live();
        await door.poll();
      });
      clock.advance(SITE.stepMinutes * 60_000);
    }
    await eachDoor(doors, async (door) => {
      door.endOutage();
      for (let attempt = 0; attempt < 5; attempt += 1) if (await door.poll()) break;
    });
    const totals = { seen: 0, unexplained: [] as string[], falselyMissing: [] as string[] };
    for (const door of doors) {
      const explained = await explanationsOf(door);
      const there = door.ids();
      const missing = await app.database.dataSource.query<{ user: string }[]>(
        `select u.device_user_id as user from incident_users u join incidents i on i.id = u.incident_id
          where i.device_id = $1 and u.state = 'missing'`,
        [door.terminal.device.id],
      );
      totals.seen += door.seen.size;
      for (const id of door.seen) if (!there.has(id) && !explained.has(id)) totals.unexplained.push(id);
      for (const { user } of missing) if (there.has(user)) totals.falselyMissing.push(user);
    }
    expect(totals).toEqual({ seen: totals.seen, unexplained: [], falselyMissing: [] });
    const incidents = await app.database.dataSource.getRepository(Incident).count();
    // The days were not quiet, or the test would say nothing.
    expect(incidents).toBeGreaterThanOrEqual(SITE.days);
  } finally {
    for (const door of doors) await door.terminal[Symbol.asyncDispose]();
  }
});
