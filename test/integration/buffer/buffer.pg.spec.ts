import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { BufferedUser, BufferModule, DeviceUserBufferService, type Sighting } from '@app/buffer';
import { type DeviceUserId, systemActor } from '@app/kernel';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, withoutTriggers, withTestLease } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

const DAY_MS = 24 * 60 * 60 * 1000;
const T0 = Date.parse('2026-01-01T00:00:00Z');
let app: TestApp;
let buffer: DeviceUserBufferService;

beforeAll(async () => {
  app = await openTestApp([BufferModule]);
  buffer = app.get(DeviceUserBufferService);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(() => emptyTables(app.database.dataSource, 'device_user_buffer'));

function named(name: string | null, cardNumber: string | null = null): NonNullable<Sighting['details']> {
  return { name, nameBytes: Buffer.from(name ?? ''), cardNumber };
}

function aSighting(id: string, change: Partial<Sighting> = {}): Sighting {
  return {
    deviceUserId: id as DeviceUserId,
    slot: 1,
    details: named(`User ${id}`),
    privilege: 0,
    groupId: 1,
    timezoneId: null,
    hasPin: false,
    ...change,
  };
}

function record(
  sightings: readonly Sighting[],
  seenAt: Date,
  deviceId = '1',
): ReturnType<DeviceUserBufferService['recordSightings']> {
  const context = { deviceId, seenAt, service: 'test', performedBy: systemActor };
  return withTestLease(app, (lease) => lease.transaction((tx) => buffer.recordSightings(tx, context, sightings)));
}

function rows(): Promise<BufferedUser[]> {
  return app.database.dataSource.getRepository(BufferedUser).find({ order: { id: 'ASC' } });
}

it('Property 6: Buffer timestamps: discovered at the first, last seen at the latest run in which the user was present', async () => {
  const series = fc.array(
    fc.record({ gap: fc.integer({ min: 1, max: 1_000_000 }), present: fc.subarray(['1', '2', '3']) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  let deviceNumber = 100;
  await fc.assert(
    fc.asyncProperty(series, async (runs) => {
      deviceNumber += 1;
      const first = new Map<string, number>();
      const latest = new Map<string, number>();
      let now = T0;
      for (const { gap, present } of runs) {
        now += gap;
        await record(
          present.map((id) => aSighting(id)),
          new Date(now),
          String(deviceNumber),
        );
        for (const id of present) {
          latest.set(id, now);
          if (!first.has(id)) first.set(id, now);
        }
      }
      const stored = await app.database.dataSource
        .getRepository(BufferedUser)
        .find({ where: { deviceId: String(deviceNumber) } });
      expect(stored).toHaveLength(first.size);
      for (const row of stored) {
        expect(row.discoveredAt.getTime()).toBe(first.get(row.deviceUserId));
        expect(row.lastSeenAt.getTime()).toBe(latest.get(row.deviceUserId));
      }
    }),
    { numRuns: 100 },
  );
});

it('Property 8: Buffer retention: clean-up leaves every row that was seen within 90 days as it was', async () => {
  const aRow = fc.record({
    ageMs: fc.oneof(
      fc.integer({ min: 0, max: 200 * DAY_MS }),
      fc.integer({ min: -2, max: 2 }).map((ms) => 90 * DAY_MS + ms),
    ),
    status: fc.constantFrom('unmapped', 'mapped', 'conflict'),
  });
  const nows = fc.integer({ min: 0, max: 3_000 * DAY_MS }).map((ms) => new Date(T0 + ms));
  await fc.assert(
    fc.asyncProperty(fc.array(aRow, { maxLength: 12 }), nows, async (wanted, now) => {
      const { dataSource } = app.database;
      await emptyTables(dataSource, 'device_user_buffer');
      await withoutTriggers(dataSource, async (tx) => {
        for (const [i, { ageMs, status }] of wanted.entries()) {
          const seen = new Date(now.getTime() - ageMs);
          await tx.query(
            `insert into device_user_buffer (device_id, device_user_id, discovered_at, last_seen_at, mapping_status)
             values (1, $1, $2, $2, $3)`,
            [String(i), seen, status],
          );
        }
      });
      const before = await rows();
      const kept = before.filter(({ lastSeenAt }) => lastSeenAt.getTime() >= now.getTime() - 90 * DAY_MS);
      expect(await withTestLease(app, (lease) => buffer.removeExpired(lease, now))).toBe(before.length - kept.length);
      expect(await rows()).toEqual(kept);
    }),
    { numRuns: 100 },
  );
});

describe('recording sightings', () => {
  it('buffers a user once when two runs race, and keeps the later sighting', async () => {
    const [earlier, later] = [new Date(T0), new Date(T0 + 1000)];
    for (let round = 0; round < 20; round += 1) {
      const user = aSighting(`race-${round}`);
      const totals = await Promise.all([record([user], later), record([user], earlier)]);
      expect(totals.reduce((sum, { newlyBuffered }) => sum + newlyBuffered, 0)).toBe(1);
    }
    const stored = await rows();
    expect(stored).toHaveLength(20);
    for (const row of stored) expect(row.lastSeenAt.getTime()).toBe(later.getTime());
  });

  it('rewrites attributes only where they changed, and never from an older read', async () => {
    await record([aSighting('1'), aSighting('2')], new Date(T0));
    const [one] = await rows();
    const totals = await record(
      [aSighting('1'), aSighting('2', { details: named('Renamed'), hasPin: true })],
      new Date(T0 + 1000),
    );
    expect(totals).toEqual({ read: 2, mapped: 0, unmapped: 2, newlyBuffered: 0, alreadyBuffered: 2, updated: 1 });
    const [same, changed] = await rows();
    expect(same).toMatchObject({ updatedAt: one.updatedAt, lastSeenAt: new Date(T0 + 1000) });
    expect(changed).toMatchObject({ name: 'Renamed', hasPin: true });
    await record([aSighting('2', { details: named('Of yesterday') })], new Date(T0 + 500));
    expect((await rows())[1]).toMatchObject({ name: 'Renamed', lastSeenAt: new Date(T0 + 1000) });
  });

  it('keeps the status of a row whatever a run sees', async () => {
    await record([aSighting('1')], new Date(T0));
    await app.database.dataSource.query(`update device_user_buffer set mapping_status = 'conflict'`);
    await record([aSighting('1', { details: named('Other') })], new Date(T0 + 1));
    expect((await rows())[0]).toMatchObject({ mappingStatus: 'conflict', name: 'Other' });
  });

  it('takes more users than fit one statement, with odd texts', async () => {
    const many = Array.from({ length: 12_001 }, (_, i) =>
      aSighting(String(i), { details: named(`"{,}\\'%_ 😀 ${i}`) }),
    );
    expect(await record(many, new Date(T0))).toMatchObject({ newlyBuffered: 12_001 });
    expect(await record(many, new Date(T0 + 1))).toMatchObject({
      newlyBuffered: 0,
      updated: 0,
      alreadyBuffered: 12_001,
    });
    const { items } = await buffer.listBuffer({ text: '😀 777' }, { limit: 200 });
    expect(items[0].name).toBe(`"{,}\\'%_ 😀 777`);
  });

  it('audits a retention clean-up with whom it removed', async () => {
    await record([aSighting('old')], new Date(T0 - 91 * DAY_MS));
    await withTestLease(app, (lease) => buffer.removeExpired(lease, new Date(T0)));
    const [entry] = await app.database.dataSource
      .getRepository(AuditEntry)
      .find({ where: { operation: 'buffer_retention' }, order: { id: 'DESC' }, take: 1 });
    expect(entry).toMatchObject({
      operation: 'buffer_retention',
      deviceId: '1',
      details: { removed: 1, device_user_ids: ['old'] },
    });
  });
});

describe('GET /api/device-users/buffer', () => {
  const get = (query: string): request.Test =>
    request(app.app.getHttpServer())
      .get(`/api/device-users/buffer${query}`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`);

  it('gives every row once over all pages, also when rows are added meanwhile', async () => {
    await record(
      Array.from({ length: 25 }, (_, i) => aSighting(String(i + 1))),
      new Date(T0),
    );
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = (await get(`?limit=10${cursor ? `&cursor=${cursor}` : ''}`).expect(200)) as {
        body: { items: { device_user_id: string }[]; next_cursor: string | null };
      };
      seen.push(...body.items.map((item) => item.device_user_id));
      if (cursor === '') await record([aSighting('late')], new Date(T0 + 1));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual([...Array.from({ length: 25 }, (_, i) => String(i + 1)), 'late']);
  });

  it('filters by status, device, dates and text, taking wildcards for what they are', async () => {
    await record(
      [aSighting('1', { details: named('100%') }), aSighting('2', { details: named('José') })],
      new Date(T0),
    );
    await record([aSighting('3', { details: named('User 3', '4711') })], new Date(T0 + DAY_MS), '2');
    const ids = async (query: string): Promise<string[]> => {
      const { body } = (await get(query).expect(200)) as { body: { items: { device_user_id: string }[] } };
      return body.items.map((item) => item.device_user_id);
    };
    expect(await ids('?text=%25')).toEqual(['1']);
    expect(await ids('?text=JOS%C3%89')).toEqual(['2']);
    expect(await ids('?text=4711')).toEqual(['3']);
    expect(await ids('?device_id=2')).toEqual(['3']);
    expect(await ids('?status=mapped')).toEqual([]);
    expect(await ids(`?last_seen_from=${new Date(T0 + DAY_MS).toISOString()}`)).toEqual(['3']);
    expect(await ids(`?discovered_to=${new Date(T0).toISOString()}`)).toEqual(['1', '2']);
  });

  it('shows the five fields of requirement 6.2', async () => {
    await record([aSighting('1', { details: named(null) })], new Date(T0));
    const { body } = (await get('').expect(200)) as { body: { items: object[] } };
    expect(body.items[0]).toMatchObject({
      device_user_id: '1',
      name: null,
      discovered_at: '2026-01-01T00:00:00.000Z',
      last_seen_at: '2026-01-01T00:00:00.000Z',
      mapping_status: 'unmapped',
    });
  });

  it.each([
    ['?limit=0', 'http/invalid-request'],
    ['?limit=201', 'http/invalid-request'],
    ['?status=gone', 'http/invalid-request'],
    ['?text=%00', 'http/invalid-request'],
    ['?unknown=1', 'http/invalid-request'],
    ['?discovered_from=yesterday', 'http/invalid-request'],
    ['?cursor=forged', 'http/bad-cursor'],
  ])('refuses %s with %s', async (query, code) => {
    const { body, type } = (await get(query).expect(400)) as { body: object; type: string };
    expect(type).toBe('application/problem+json');
    expect(body).toMatchObject({ code, status: 400, request_id: expect.any(String) as unknown });
  });

  it('lets nobody in without the token', async () => {
    const bare = request(app.app.getHttpServer());
    await bare
      .get('/api/device-users/buffer')
      .expect(401)
      .expect('WWW-Authenticate', /Bearer/);
    await bare.get('/api/device-users/buffer').set('Authorization', 'Bearer wrong').expect(401);
    await bare.get('/api/device-users/buffer').set('Authorization', `Basic ${TEST_TOKEN}`).expect(401);
  });
});
