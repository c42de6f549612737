import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Device } from '@app/devices';
import { RetrySchedule } from '@app/kernel';
import {
  DeviceUserMonitoringService,
  MONITORING_OPTIONS,
  MonitoringModule,
  PollAgenda,
  UserPoll,
  UserPollSchedule,
} from '@app/monitoring';
import { LeaseBusyError } from '@app/sync-coordinator';
import { aDevice, ManualClock, openTestApp, type TestApp, until } from '@test/support';
import fc from 'fast-check';

const INTERVAL_SECONDS = 20;
const SECOND_MS = 1_000;
jest.setTimeout(120_000);

/** Polls that take as long as a test says, by the clock that it moves. */
class PacedPolls {
  readonly starts: { readonly deviceId: string; readonly atMs: number }[] = [];
  readonly overlaps: string[] = [];
  durationMs: (deviceId: string) => number = () => 0;
  /** Whose terminal somebody else works at. */
  readonly busy = new Set<string>();
  private readonly running = new Map<string, { readonly untilMs: number; readonly done: () => void }>();

  constructor(private readonly clock: ManualClock) {}

  async execute({ id }: Device): Promise<void> {
    if (this.busy.delete(id)) throw new LeaseBusyError(`device:${id}`, 'machineSyncService@elsewhere:1', new Date());
    if (this.running.has(id)) this.overlaps.push(id);
    const atMs = this.clock.monotonicMs();
    this.starts.push({ deviceId: id, atMs });
    await new Promise<void>((done) => this.running.set(id, { untilMs: atMs + this.durationMs(id), done }));
  }

  get underway(): number {
    return this.running.size;
  }

  /** Ends what has taken long enough. */
  async settle(): Promise<void> {
    for (const [id, { untilMs, done }] of this.running) {
      if (untilMs > this.clock.monotonicMs()) continue;
      this.running.delete(id);
      done();
    }
    await new Promise(setImmediate);
  }

  reset(): void {
    for (const { done } of this.running.values()) done();
    this.running.clear();
    this.busy.clear();
    this.durationMs = () => 0;
    this.starts.length = 0;
    this.overlaps.length = 0;
  }
}

const clock = new ManualClock();
const polls = new PacedPolls(clock);
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([MonitoringModule], {
    clock,
    coordination: { ttlMs: 300_000, retries: new RetrySchedule(0, 1) },
    provide: [
      [UserPoll, polls],
      [MONITORING_OPTIONS, { intervalMs: INTERVAL_SECONDS * SECOND_MS, pollsAtOnce: 16 }],
    ],
  });
});
afterAll(async () => app[Symbol.asyncDispose]());

async function devices(count: number): Promise<string[]> {
  await app.database.dataSource.query('truncate devices, device_watch');
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push((await aDevice(app.database.dataSource)).id);
  return ids;
}

/** A second passes: polls end that have taken long enough, and those begin that are due. */
async function tick(): Promise<void> {
  clock.advance(SECOND_MS);
  await polls.settle();
  const schedule = app.get(UserPollSchedule);
  await schedule.beginDue();
  await until(() => schedule.pollsUnderway === polls.underway);
}

async function stop(): Promise<void> {
  const stopping = app.get(DeviceUserMonitoringService).stopMonitoring();
  polls.reset();
  await stopping;
}

describe('polls', () => {
  it('Property 22: Poll frequency: every window of one interval has the start of a poll of each terminal, and none overlap', async () => {
    const scenario = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      durations: fc.array(fc.integer({ min: 0, max: INTERVAL_SECONDS - 2 }), { minLength: 4, maxLength: 4 }),
      /** Ticks at which a run reads a terminal completely, which counts as a poll. */
      runs: fc.array(fc.record({ tick: fc.nat(70), device: fc.nat() }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ count, durations, runs }) => {
        const monitoring = app.get(DeviceUserMonitoringService);
        const ids = await devices(count);
        polls.durationMs = (id) => durations[ids.indexOf(id)] * SECOND_MS;
        monitoring.startMonitoring();
        const begunMs = clock.monotonicMs();
        for (let second = 0; second < 70; second += 1) {
          for (const run of runs.filter((each) => each.tick === second)) {
            const deviceId = ids[run.device % count];
            await app.get(PollAgenda).noteRead(app.database.dataSource.manager, deviceId, clock.now());
            polls.starts.push({ deviceId, atMs: clock.monotonicMs() });
          }
          await tick();
        }
        const endMs = clock.monotonicMs();
        expect(polls.overlaps).toEqual([]);
        for (const id of ids) {
          const starts = polls.starts.filter(({ deviceId }) => deviceId === id).map(({ atMs }) => atMs);
          const marks = [begunMs, ...starts, endMs];
          const gaps = marks.slice(1).map((mark, i) => mark - marks[i]);
          expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL_SECONDS * SECOND_MS);
        }
        await stop();
      }),
      { numRuns: 100 },
    );
  });

  it('are spread over the interval, and a run that read a terminal saves it one', async () => {
    const ids = await devices(40);
    const monitoring = app.get(DeviceUserMonitoringService);
    monitoring.startMonitoring();
    for (let second = 0; second < INTERVAL_SECONDS; second += 1) await tick();
    const bySecond = new Map<number, number>();
    for (const { atMs } of polls.starts) bySecond.set(atMs, (bySecond.get(atMs) ?? 0) + 1);
    expect(new Set(polls.starts.map(({ deviceId }) => deviceId)).size).toBe(40);
    expect(Math.max(...bySecond.values())).toBeLessThan(12);
    polls.starts.length = 0;
    for (const id of ids) await app.get(PollAgenda).noteRead(app.database.dataSource.manager, id, clock.now());
    for (let second = 0; second < INTERVAL_SECONDS - 2; second += 1) await tick();
    expect(polls.starts).toEqual([]);
    await stop();
  });

  it('leave a paused terminal in peace, wait for a busy one, and begin with one that was just added', async () => {
    const [paused, busy] = await devices(2);
    const monitoring = app.get(DeviceUserMonitoringService);
    monitoring.startMonitoring();
    await tick();
    const until = new Date(clock.now().getTime() + 2 * INTERVAL_SECONDS * SECOND_MS);
    await app.database.dataSource.query('update device_watch set paused_until = $2 where device_id = $1', [
      paused,
      until,
    ]);
    polls.busy.add(busy);
    const { id: added } = await aDevice(app.database.dataSource);
    for (let second = 0; second < 2 * INTERVAL_SECONDS - 1; second += 1) await tick();
    const polled = new Set(polls.starts.map(({ deviceId }) => deviceId));
    expect([...polled].toSorted()).toEqual([busy, added].toSorted());
    for (let second = 0; second < INTERVAL_SECONDS; second += 1) await tick();
    expect(polls.starts.map(({ deviceId }) => deviceId)).toContain(paused);
    await stop();
  });
});
