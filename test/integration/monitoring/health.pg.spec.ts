import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeviceCounters, DeviceError, IncompleteReadError } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { type AppError, canonicalDeviceUserId } from '@app/kernel';
import { MetricSources } from '@app/metrics';
import {
  DeviceFillLevel,
  DeviceHealth,
  DeviceObservation,
  DeviceUserCount,
  DeviceUserMonitoringService,
  DeviceWatch,
  MonitoringModule,
  MonitoringUpkeepSchedule,
  ObservationLog,
  UserCountHistory,
} from '@app/monitoring';
import { Notifications } from '@app/notification';
import {
  aDevice,
  ManualClock,
  openTestApp,
  RecordingNotifications,
  TEST_TOKEN,
  type TestApp,
  withoutTriggers,
  withTestLease,
} from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START = new Date('2026-01-31T00:00:00Z');
const UNREACHABLE = new DeviceError('device/unreachable', 'nothing answers at 192.168.1.20:4370');
const INCOMPLETE = new IncompleteReadError('counter-mismatch', 'it counts 5 users and sent 4');

const clock = new ManualClock();
const notifications = new RecordingNotifications();
let app: TestApp;
let device: Device;

beforeAll(async () => {
  app = await openTestApp([MonitoringModule], { clock, provide: [[Notifications, notifications]] });
});
afterAll(async () => app[Symbol.asyncDispose]());
beforeEach(async () => {
  clock.set(START);
  notifications.clear();
  device = await aDevice(app.database.dataSource);
});

async function fails(error: AppError): Promise<void> {
  clock.advance(5 * MINUTE_MS);
  await app.database.dataSource.transaction((tx) => app.get(DeviceWatch).recordFailure(tx, device, error, clock.now()));
}

async function succeeds(
  facts: { firmware?: string; clockDriftSeconds?: number; counters?: DeviceCounters; users?: number } = {},
): Promise<void> {
  clock.advance(5 * MINUTE_MS);
  await app.database.dataSource.transaction(async (tx) => {
    const state = await app.get(DeviceWatch).takeTurn(tx, device.id);
    await app.get(DeviceHealth).noteSuccess(tx, device, state, { at: clock.now(), ...facts });
    const observation = { outcome: 'complete', userCount: facts.users ?? 5, at: clock.now() } as const;
    await app.get(ObservationLog).note(tx, device.id, observation);
    await tx.query('update device_watch set last_complete_at = $2, user_count = $3 where device_id = $1', [
      device.id,
      clock.now(),
      facts.users ?? 5,
    ]);
  });
}

async function status(): Promise<Record<string, unknown>> {
  const { body } = await request(app.app.getHttpServer())
    .get(`/api/device-users/monitoring/status?device_id=${device.id}`)
    .auth(TEST_TOKEN, { type: 'bearer' })
    .expect(200);
  return (body as { devices: Record<string, unknown>[] }).devices[0];
}

function history(query: string): request.Test {
  return request(app.app.getHttpServer())
    .get(`/api/device-users/monitoring/history?device_id=${device.id}&${query}`)
    .auth(TEST_TOKEN, { type: 'bearer' });
}

describe('the health of a terminal', () => {
  it('alerts after 3 failures in a row, pauses after 5, and announces the recovery', async () => {
    for (let failure = 1; failure <= 2; failure += 1) await fails(UNREACHABLE);
    expect(notifications.topics()).toEqual([]);
    await fails(INCOMPLETE);
    expect(notifications.topics()).toEqual(['device_failing']);
    expect(await status()).toMatchObject({ state: 'failing', failures: 3, incomplete_reads: 1 });
    for (let failure = 4; failure <= 8; failure += 1) await fails(UNREACHABLE);
    expect(notifications.topics()).toEqual(['device_failing', 'device_paused']);
    expect(await status()).toMatchObject({
      state: 'paused',
      failures: 8,
      incomplete_reads: 0,
      last_failure: { code: 'device/unreachable' },
      paused_until: new Date(clock.now().getTime() + 10 * MINUTE_MS).toISOString(),
    });
    expect(await app.get(DeviceWatch).findPaused(clock.now())).toEqual(new Set([device.id]));
    await succeeds();
    expect(notifications.topics().at(-1)).toBe('device_recovered');
    expect(notifications.settled).toEqual([`device:${device.id}:reach`]);
    expect(await status()).toMatchObject({ state: 'ok', failures: 0, paused_until: null, age_seconds: 0 });
    expect(await app.get(DeviceWatch).findPaused(clock.now())).toEqual(new Set());
  });

  it('does not hold against a terminal what came from us', async () => {
    for (let failure = 0; failure < 6; failure += 1) await fails(new DeviceError('device/aborted', 'we stopped'));
    expect(await status()).toMatchObject({ state: 'never_read', failures: 0 });
    expect(notifications.topics()).toEqual([]);
  });

  it('tells once in an outage of another terminal in its place, and that it is over however short it was', async () => {
    const swapped = new DeviceError('device/serial-mismatch', 'serial B instead of A', {
      details: { serialNumber: 'B' },
    });
    await fails(swapped);
    await fails(UNREACHABLE);
    await fails(swapped);
    await fails(UNREACHABLE);
    expect(notifications.topics()).toEqual(['device_replaced']);
    expect(notifications.announced[0]).toMatchObject({ severity: 'critical', repeats: true });
    await succeeds();
    await fails(swapped);
    await succeeds();
    const outage = ['device_replaced', 'device_recovered'];
    expect(notifications.topics()).toEqual([...outage, ...outage]);
    expect(notifications.settled).toEqual([`device:${device.id}:reach`, `device:${device.id}:reach`]);
  });

  it('names the terminal, the error and how long it has lasted', async () => {
    for (let failure = 0; failure < 5; failure += 1) await fails(UNREACHABLE);
    clock.advance(3 * 60 * MINUTE_MS);
    await succeeds();
    expect(notifications.announced.map(({ headline }) => headline)).toEqual([
      `"${device.name}" cannot be read for 10 min (device/unreachable, 3 failures in a row)`,
      `"${device.name}" is left alone for 10 min at a time after 5 failures in a row (device/unreachable)`,
      `"${device.name}" can be read again, after 3 h and 5 failures in a row`,
    ]);
  });

  it('does not remind anybody of a terminal that has been switched off, and begins afresh with it', async () => {
    for (let failure = 0; failure < 5; failure += 1) await fails(UNREACHABLE);
    await app.get(MonitoringUpkeepSchedule).letGoOfDisabled();
    expect(notifications.settled).toEqual([]);
    const { dataSource } = app.database;
    await dataSource.query('update devices set enabled = false where id = $1', [device.id]);
    await app.get(MonitoringUpkeepSchedule).letGoOfDisabled();
    expect(notifications.settled).toContain(`device:${device.id}:reach`);
    expect(await status()).toMatchObject({ state: 'disabled', failures: 0, paused_until: null });
    const settled = notifications.settled.length;
    await app.get(MonitoringUpkeepSchedule).letGoOfDisabled();
    expect(notifications.settled).toHaveLength(settled);
    await dataSource.query('update devices set enabled = true where id = $1', [device.id]);
    for (let failure = 0; failure < 3; failure += 1) await fails(UNREACHABLE);
    expect(notifications.topics()).toEqual(['device_failing', 'device_paused', 'device_failing']);
  });

  it('tells Prometheus how full a terminal is, of what it tells the capacity', async () => {
    await succeeds({ counters: { users: 750, userCapacity: 3_000, punches: 80, punchCapacity: 0, templates: 5 } });
    const sources = app.get(MetricSources).all();
    const samples = (await Promise.all(sources.map((source) => source.collectMetrics()))).flat();
    const values = samples.find(({ name }) => name === 'holdfast_device_fill_ratio')?.values ?? [];
    expect(values.filter(({ labels }) => labels?.device === device.slug)).toEqual([
      { labels: { device: device.slug, kind: 'users' }, value: 0.25 },
    ]);
  });

  it('calls a terminal suspect whose two lists contradicted each other, until it is read', async () => {
    await fails(new IncompleteReadError('lists-differ', 'two reads lack different users'));
    expect(await status()).toMatchObject({ state: 'suspect' });
  });

  it('notices other firmware, a wrong clock, and a terminal that is nearly full', async () => {
    const counters = (punches: number): DeviceCounters => ({
      users: 5,
      punches,
      punchCapacity: 100_000,
      userCapacity: 3_000,
    });
    await succeeds({ firmware: 'Ver 6.60', clockDriftSeconds: 3, counters: counters(80_000) });
    for (let day = 1; day <= 3; day += 1) {
      clock.advance(DAY_MS);
      await succeeds({ firmware: 'Ver 6.60', clockDriftSeconds: 70, counters: counters(80_000 + day * 1_500) });
    }
    expect(notifications.topics().toSorted()).toEqual(['device_clock_wrong', 'device_filling']);
    expect(notifications.announced.find(({ topic }) => topic === 'device_filling')?.headline).toMatch(
      /holds \d+ of 100000 punches, full in about 1[0-3] days/,
    );
    expect(await status()).toMatchObject({
      forecasts: expect.arrayContaining([expect.objectContaining({ of: 'punches', days_left: 11 })]),
    });
    await succeeds({ firmware: 'Ver 6.61', clockDriftSeconds: 1 });
    expect(notifications.topics().at(-1)).toBe('device_firmware_changed');
    expect(notifications.settled).toContain(`device:${device.id}:clock`);
  });
});

describe('the history of a terminal', () => {
  it('Property 25: Count history: a record for each change of the set, with its IDs, at increasing times', async () => {
    const sets = fc.array(
      fc.record({ ids: fc.subarray(['1', '2', '3', '4', '5']), stepMs: fc.integer({ min: -2_000, max: 600_000 }) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(sets, async (reads) => {
        const { id } = await aDevice(app.database.dataSource);
        let at = START;
        const expected: string[][] = [];
        for (const { ids, stepMs } of reads) {
          at = new Date(at.getTime() + stepMs);
          const users = ids.map((each) => canonicalDeviceUserId(each));
          await withTestLease(app, (lease) =>
            lease.transaction((tx) => app.get(UserCountHistory).note(tx, id, users, at)),
          );
          if (expected.at(-1)?.join() !== ids.toSorted().join() || expected.length === 0) expected.push(ids.toSorted());
        }
        const records = await app.database.dataSource
          .getRepository(DeviceUserCount)
          .find({ where: { deviceId: id }, order: { id: 'ASC' } });
        expect(records.map(({ userIds }) => userIds)).toEqual(expected);
        for (const [i, { userCount, userIds, timestamp }] of records.entries()) {
          expect(userCount).toBe(userIds.length);
          if (i > 0) expect(timestamp.getTime()).toBeGreaterThan(records[i - 1].timestamp.getTime());
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is shown with gaps as gaps, and refuses a range that is none', async () => {
    await succeeds({ users: 120 });
    await succeeds({ users: 120 });
    await fails(UNREACHABLE);
    clock.advance(3 * 60 * MINUTE_MS);
    await succeeds({ users: 119 });
    const from = START.toISOString();
    const { body } = await history(`from=${from}`).expect(200);
    const items = (body as { items: { outcome: string; least_users: number | null }[] }).items;
    expect(items.map(({ outcome, least_users: users }) => [outcome, users])).toEqual([
      ['not_observed', null],
      ['complete', 120],
      ['unreachable', null],
      ['not_observed', null],
      ['complete', 119],
    ]);
    const bad = await history(`from=${new Date(clock.now().getTime() + DAY_MS).toISOString()}`).expect(400);
    expect(bad.body).toMatchObject({ code: 'monitoring/bad-range' });
    await history('from=2020-01-01T00:00:00Z').expect(400);
    await history(`from=${from}&points=0`).expect(400);
    const { userCount, countedAt } = await app.get(DeviceUserMonitoringService).getCurrentUserCount(device.id);
    expect({ userCount, countedAt }).toEqual({ userCount: 119, countedAt: clock.now() });
  });

  it('shows who came and went at each change, the newest changes of a terminal that has very many', async () => {
    await withoutTriggers(app.database.dataSource, (tx) =>
      tx.query(
        `insert into device_user_count_history (device_id, user_count, user_ids, "timestamp")
         select $1, 2 - n % 2, case n % 2 when 0 then '{9,10}'::text[] else '{9}' end, $2::timestamptz + n * interval '1 min'
           from generate_series(0, 502) n`,
        [device.id, START],
      ),
    );
    clock.set(new Date(START.getTime() + DAY_MS));
    const { body } = await history(`from=${START.toISOString()}`).expect(200);
    const { changes, earlier_changes: earlier } = body as { changes: object[]; earlier_changes: number };
    expect(changes).toHaveLength(500);
    expect(earlier).toBe(3);
    expect(changes[0]).toMatchObject({ user_count: 1, added: [], removed: ['10'] });
    expect(changes[1]).toMatchObject({ user_count: 2, added: ['10'], removed: [] });
    const first = await history(`from=${START.toISOString()}&to=${START.toISOString().replace('00:00:', '00:01:')}`);
    expect((first.body as { changes: object[] }).changes).toEqual([
      { at: START.toISOString(), user_count: 2, added: ['9', '10'], removed: [] },
      { at: new Date(START.getTime() + MINUTE_MS).toISOString(), user_count: 1, added: [], removed: ['10'] },
    ]);
  });

  it('keeps observations for 400 days, and changes of the users for ever', async () => {
    await succeeds({ users: 120, counters: { users: 120, userCapacity: 3_000, punches: 0 } });
    await withTestLease(app, (lease) =>
      lease.transaction((tx) => app.get(UserCountHistory).note(tx, device.id, [canonicalDeviceUserId('1')], START)),
    );
    const { dataSource } = app.database;
    const kept = async (): Promise<unknown[]> => [
      await dataSource.getRepository(DeviceObservation).countBy({ deviceId: device.id }),
      await dataSource.getRepository(DeviceFillLevel).countBy({ deviceId: device.id }),
      await dataSource.getRepository(DeviceUserCount).countBy({ deviceId: device.id }),
    ];
    clock.advance(399 * DAY_MS);
    await app.get(MonitoringUpkeepSchedule).removeOld();
    expect(await kept()).toEqual([1, 1, 1]);
    clock.advance(2 * DAY_MS);
    await app.get(MonitoringUpkeepSchedule).removeOld();
    expect(await kept()).toEqual([0, 0, 1]);
  });
});
