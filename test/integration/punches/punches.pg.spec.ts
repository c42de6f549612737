import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeviceUserId, formatWallTime, type WallTime, wallTimeFromDate } from '@app/kernel';
import { UserMapping } from '@app/people';
import {
  type ImportTotals,
  type LoggedPunch,
  Punch,
  type PunchLog,
  PunchesModule,
  PunchesService,
  type ReportedPunch,
} from '@app/punches';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, withTestLease } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

const T0 = Date.parse('2026-01-05T08:00:00Z');
const HOUR_MS = 3_600_000;
let app: TestApp;
let service: PunchesService;
let deviceNumber = 0;
let deviceId: string;

beforeAll(async () => {
  app = await openTestApp([PunchesModule, SyncCoordinatorModule]);
  service = app.get(PunchesService);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(newDevice);

function newDevice(): void {
  deviceNumber += 1;
  deviceId = String(deviceNumber);
}

function aPunch(user: string, atMs: number, change: Partial<LoggedPunch> = {}): LoggedPunch {
  return {
    deviceUserId: user as DeviceUserId,
    wallTime: wallTimeFromDate(new Date(atMs)),
    verifyMode: 1,
    state: 0,
    workCode: null,
    ...change,
  };
}

function aLog(punches: readonly LoggedPunch[]): PunchLog {
  return {
    punches,
    digestOfFirst: (count) =>
      createHash('sha256')
        .update(JSON.stringify(punches.slice(0, count)))
        .digest(),
  };
}

function importLog(punches: readonly LoggedPunch[], timeZone = 'UTC'): Promise<ImportTotals> {
  const context = { deviceId, runId: '1', timeZone };
  return withTestLease(app, (lease) => lease.transaction((tx) => service.importLog(tx, context, aLog(punches))));
}

function importReported(punches: readonly ReportedPunch[]): Promise<ImportTotals> {
  const context = { deviceId, runId: '2', timeZone: 'UTC' };
  return withTestLease(app, (lease) => lease.transaction((tx) => service.importReported(tx, context, punches)));
}

function stored(): Promise<Punch[]> {
  return app.database.dataSource
    .getRepository(Punch)
    .find({ where: { deviceId }, order: { deviceUserId: 'ASC', wallTime: 'ASC', occurrence: 'ASC', id: 'ASC' } });
}

function map(
  deviceUserId: string,
  personId: string,
  range: { readonly validFrom?: Date; readonly validTo?: Date | null } = {},
): Promise<UserMapping> {
  return app.database.dataSource
    .getRepository(UserMapping)
    .save({ deviceId, deviceUserId, personId, personType: 'staff' as const, createdBy: 'test', ...range });
}

/** Users whose ID changes hands at some hours; the last owner, if any, has it still. */
const ownership = fc.array(
  fc.record({ fromHour: fc.nat({ max: 20 }), hours: fc.integer({ min: 1, max: 8 }), firstWrong: fc.boolean() }),
  { maxLength: 3 },
);

it('attributes a punch to whoever had the ID then, in whatever order people punch, runs come and mappings are made', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ user: fc.constantFrom('1', '2'), atHour: fc.nat({ max: 48 }) }), { maxLength: 15 }),
      fc.tuple(ownership, ownership),
      fc.infiniteStream(fc.nat()),
      async (punched, owners, numbers) => {
        newDevice();
        const pick = (limit: number): number => Number(numbers.next().value) % limit;
        const log = punched.map(({ user, atHour }) => aPunch(user, T0 + (atHour * HOUR_MS) / 2));
        const expected = new Map<string, { personId: string; from: number; to: number | null }[]>();
        const steps: (() => Promise<unknown>)[] = [];
        for (const [i, spans] of owners.entries()) {
          const user = String(i + 1);
          let free = 0;
          const own: { personId: string; from: number; to: number | null }[] = [];
          for (const [j, { fromHour, hours, firstWrong }] of spans.entries()) {
            const from = T0 + (free + fromHour) * HOUR_MS;
            free += fromHour + hours;
            const to = j === spans.length - 1 ? null : T0 + free * HOUR_MS;
            const personId = String(100 * (i + 1) + j);
            own.push({ personId, from, to });
            steps.push(async () => {
              const validTo = to === null ? null : new Date(to);
              const wrong = firstWrong ? String(900 + Number(personId)) : personId;
              const { id } = await map(user, wrong, { validFrom: new Date(from), validTo });
              if (firstWrong) await app.database.dataSource.getRepository(UserMapping).update({ id }, { personId });
            });
          }
          expected.set(user, own);
        }
        let read = 0;
        while (read < log.length) {
          read = Math.min(read + 1 + pick(5), log.length);
          const prefix = log.slice(0, read);
          steps.push(() => importLog(prefix));
        }
        for (let left = steps.length; left > 0; left -= 1) await steps.splice(pick(left), 1)[0]();
        const rows = await stored();
        expect(rows).toHaveLength(log.length);
        for (const row of rows) {
          const at = row.instant?.getTime() ?? 0;
          const owner = expected.get(row.deviceUserId)?.find(({ from, to }) => at >= from && (to === null || at < to));
          expect(row.personId).toBe(owner?.personId ?? null);
        }
      },
    ),
    { numRuns: 100 },
  );
});

describe('importing a terminal’s log', () => {
  it('imports each record once, however often the log is read, and equal records as often as the terminal holds them', async () => {
    const log = [aPunch('1', T0), aPunch('1', T0), aPunch('2', T0), aPunch('1', T0, { state: 1 })];
    expect(await importLog(log)).toEqual({ read: 4, imported: 4, alreadyKnown: 0 });
    expect(await importLog(log)).toEqual({ read: 4, imported: 0, alreadyKnown: 4 });
    const more = [...log, aPunch('1', T0), aPunch('1', T0 + 1000)];
    expect(await importLog(more)).toEqual({ read: 6, imported: 2, alreadyKnown: 4 });
    expect((await stored()).filter(({ wallTime, state }) => state === 0 && wallTime.endsWith('00:00'))).toHaveLength(4);
  });

  it('keeps everything when the terminal’s log is cleared, loses its oldest records, or comes in another order', async () => {
    const log = Array.from({ length: 30 }, (_, i) => aPunch(String(i % 3), T0 + i * 60_000));
    await importLog(log);
    await importLog([]);
    await importLog(log.slice(10).concat(aPunch('0', T0 + 40 * 60_000)));
    await importLog(log.toReversed());
    expect(await stored()).toHaveLength(31);
  });

  it('keeps wall time and instant, the wall time of a day that no calendar has too', async () => {
    const impossible: WallTime = { year: 2026, month: 2, day: 30, hour: 7, minute: 0, second: 0 };
    await importLog([aPunch('1', T0), aPunch('1', T0, { wallTime: impossible })], 'Africa/Addis_Ababa');
    const rows = await stored();
    expect(rows.map(({ wallTime, instant }) => [wallTime, instant?.toISOString() ?? null])).toEqual([
      ['2026-01-05 08:00:00', '2026-01-05T05:00:00.000Z'],
      ['2026-02-30 07:00:00', null],
    ]);
    expect(rows[0].timeZone).toBe('Africa/Addis_Ababa');
  });

  it('misses no mapping that is made at the same moment', async () => {
    for (let round = 0; round < 25; round += 1) {
      newDevice();
      await Promise.all([importLog([aPunch('1', T0)]), map('1', String(500 + round))]);
      expect((await stored())[0].personId).toBe(String(500 + round));
    }
  });

  it('takes no write without a lease, and no deletion at all', async () => {
    const { dataSource } = app.database;
    await importLog([aPunch('1', T0)]);
    await expect(dataSource.query(`update punches set state = 1`)).rejects.toThrow(/needs a lease in force/);
    await expect(dataSource.query('delete from punches')).rejects.toThrow(/never deleted/);
    await expect(
      dataSource.transaction((tx) =>
        service.importLog(
          tx,
          { deviceId, runId: '1', timeZone: 'UTC' },
          aLog([aPunch('1', T0), aPunch('1', T0 + 1000)]),
        ),
      ),
    ).rejects.toThrow(/needs a lease in force/);
  });
});

describe('a mapping', () => {
  it('reaches back to the beginning, the next one to the end of the one before; they never overlap', async () => {
    await importLog([aPunch('1', T0 - 26 * 365 * 24 * HOUR_MS), aPunch('1', T0), aPunch('1', T0 + 2 * HOUR_MS)]);
    const first = await map('1', '11');
    expect((await stored()).map(({ personId }) => personId)).toEqual(['11', '11', '11']);
    await expect(map('1', '12', { validFrom: new Date(T0) })).rejects.toThrow();
    const mappings = app.database.dataSource.getRepository(UserMapping);
    await mappings.update({ id: first.id }, { validTo: new Date(T0 + HOUR_MS) });
    expect((await stored()).map(({ personId }) => personId)).toEqual(['11', '11', null]);
    await map('1', '12');
    expect((await stored()).map(({ personId }) => personId)).toEqual(['11', '11', '12']);
    await mappings.delete({ deviceId });
    expect((await stored()).map(({ personId }) => personId)).toEqual([null, null, null]);
  });
});

describe('punches that an AAS file tells of', () => {
  const reported = (user: string, atMs: number, change: Partial<ReportedPunch> = {}): ReportedPunch => ({
    deviceUserId: user as DeviceUserId,
    wallTime: wallTimeFromDate(new Date(atMs)),
    preciseTo: 'second',
    state: 0,
    enteredByHand: false,
    ordinal: 1,
    ...change,
  });

  it('are stored once, and not again when the terminal has told of them', async () => {
    await importLog([aPunch('1', T0 + 7_000), aPunch('2', T0)]);
    const file = [
      reported('1', T0 + 7_000),
      reported('1', T0 + 7_000, { ordinal: 2 }),
      reported('2', T0, { preciseTo: 'minute' }),
      reported('3', T0),
    ];
    expect(await importReported(file)).toEqual({ read: 4, imported: 2, alreadyKnown: 2 });
    expect(await importReported(file)).toMatchObject({ imported: 0 });
    expect((await stored()).map(({ deviceUserId, source }) => `${deviceUserId} ${source}`).toSorted()).toEqual([
      '1 aas',
      '1 device',
      '2 device',
      '3 aas',
    ]);
  });

  it('become the terminal’s own once it tells of them, with its seconds and modes', async () => {
    await map('1', '41');
    await importReported([
      reported('1', T0, { preciseTo: 'minute', state: null }),
      reported('1', T0 + 60_000),
      reported('1', T0 + 120_000, { enteredByHand: true }),
    ]);
    const log = [aPunch('1', T0 + 31_000, { verifyMode: 15 }), aPunch('1', T0 + 60_000, { verifyMode: 4 })];
    expect(await importLog(log)).toEqual({ read: 2, imported: 0, alreadyKnown: 2 });
    expect(
      (await stored()).map(({ wallTime, source, verifyMode, personId, preciseTo }) => [
        wallTime.slice(11),
        source,
        verifyMode,
        personId,
        preciseTo,
      ]),
    ).toEqual([
      ['08:00:31', 'device', 15, '41', 'second'],
      ['08:01:00', 'device', 4, '41', 'second'],
      ['08:02:00', 'aas', null, '41', 'second'],
    ]);
    expect(await importLog(log)).toMatchObject({ imported: 0 });
  });
});

describe('GET /api/punches', () => {
  const get = (query: string): request.Test =>
    request(app.app.getHttpServer() as never)
      .get(`/api/punches${query}`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`);

  it('lists newest first, page by page, narrowed by every filter', async () => {
    await emptyTables(app.database.dataSource, 'punches');
    await map('1', '71');
    const log = Array.from({ length: 7 }, (_, i) =>
      aPunch(i % 2 === 0 ? '1' : '2', T0 + i * HOUR_MS, { state: i % 3 }),
    );
    await importLog(log);
    const first = await get(`?device_id=${deviceId}&limit=5`).expect(200);
    const body = first.body as { items: { wall_time: string }[]; next_cursor: string };
    const second = await get(`?device_id=${deviceId}&limit=5&cursor=${body.next_cursor}`).expect(200);
    const rest = second.body as { items: { wall_time: string }[]; next_cursor: null };
    expect([...body.items, ...rest.items].map(({ wall_time: time }) => time)).toEqual(
      log.map(({ wallTime }) => formatWallTime(wallTime)).toReversed(),
    );
    const count = async (query: string): Promise<number> => {
      const { body: page } = await get(query).expect(200);
      return (page as { items: unknown[] }).items.length;
    };
    expect(await count(`?person_id=71`)).toBe(4);
    expect(await count(`?device_user_id=002`)).toBe(3);
    expect(await count(`?attribution=unattributed`)).toBe(3);
    expect(await count(`?source=aas`)).toBe(0);
    const at = (i: number): string => new Date(T0 + i * HOUR_MS).toISOString();
    expect(await count(`?from=${at(2)}&to=${at(4)}`)).toBe(3);
    expect(body.items[0]).toMatchObject({ direction: 'in', person_id: '71', person_type: 'staff', time_zone: 'UTC' });
  });

  it.each(['?person_id=x', '?from=soon', '?attribution=maybe', '?cursor=xx', '?limit=201', '?device_user_id=a%00'])(
    'refuses %s',
    async (query) => {
      await get(query).expect(400);
    },
  );
});
