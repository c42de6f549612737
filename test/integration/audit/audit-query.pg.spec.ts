import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIT_OPERATIONS, AuditEntry, AuditModule, type AuditQuery, DeviceUserAuditService } from '@app/audit';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, withoutTriggers } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

const T0 = Date.parse('2026-01-31T12:00:00.000Z');
let app: TestApp;
let audit: DeviceUserAuditService;

beforeAll(async () => {
  app = await openTestApp([AuditModule]);
  audit = app.get(DeviceUserAuditService);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

const operation = fc.constantFrom(...AUDIT_OPERATIONS.slice(0, 4));
const userId = fc.constantFrom('1', '2', 'A7').map(String);
/** Few instants, so that range ends and equal timestamps are hit. */
const atMs = fc.nat({ max: 6 });
const anEntry = fc.record({
  operation,
  deviceId: fc.constantFrom('1', '2'),
  deviceUserId: fc.option(userId),
  atMs,
  micros: fc.nat({ max: 999 }),
});
type TestEntry = typeof anEntry extends fc.Arbitrary<infer T> ? T : never;
const aQuery = fc.record(
  {
    deviceId: fc.constantFrom('1', '2'),
    deviceUserId: userId,
    operations: fc.uniqueArray(operation, { minLength: 1, maxLength: 2 }),
    from: atMs,
    to: atMs,
  },
  { requiredKeys: [] },
);

async function writeEntries(entries: readonly TestEntry[]): Promise<AuditEntry[]> {
  const { dataSource } = app.database;
  await emptyTables(dataSource, 'device_user_audit_log', 'audit_blocks', 'audit_chain_heads');
  await withoutTriggers(dataSource, async (tx) => {
    for (const { operation: type, deviceId, deviceUserId, atMs: at, micros } of entries) {
      await tx.query(
        `insert into device_user_audit_log (operation_type, device_id, device_user_id, performed_by, service_name, "timestamp")
         values ($1, $2, $3, 'system', 'test', $4::timestamptz + $5 * interval '1 microsecond')`,
        [type, deviceId, deviceUserId, new Date(T0 + at), micros],
      );
    }
  });
  return dataSource.getRepository(AuditEntry).find({ order: { timestamp: 'DESC', id: 'DESC' } });
}

async function allPages(query: AuditQuery, limit: number): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await audit.queryLogs(query, { limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

it('Property 14: Audit query: over all pages exactly the matching entries, newest first, none twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anEntry, { maxLength: 25 }),
      fc.array(aQuery, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      async (entries, queries, limit) => {
        const written = await writeEntries(entries);
        for (const { from, to, ...rest } of queries) {
          const range = {
            from: from === undefined ? undefined : new Date(T0 + from),
            to: to === undefined ? undefined : new Date(T0 + to),
          };
          const expected = written.filter(
            (entry) =>
              (rest.deviceId === undefined || entry.deviceId === rest.deviceId) &&
              (rest.deviceUserId === undefined || entry.deviceUserId === rest.deviceUserId) &&
              (rest.operations === undefined || rest.operations.includes(entry.operation)) &&
              (range.from === undefined || entry.timestamp >= range.from) &&
              (range.to === undefined || entry.timestamp <= range.to),
          );
          expect((await allPages({ ...rest, ...range }, limit)).map(({ id }) => id)).toEqual(
            expected.map(({ id }) => id),
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});

describe('GET /api/device-users/audit', () => {
  const get = (query: string): request.Test =>
    request(app.app.getHttpServer() as never)
      .get(`/api/device-users/audit${query}`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`);

  it('shows entries with filters in any combination, page by page', async () => {
    await writeEntries(
      Array.from({ length: 5 }, (_, i) => ({
        operation: i % 2 === 0 ? ('user_discovered' as const) : ('user_buffered' as const),
        deviceId: '1',
        deviceUserId: '7',
        atMs: i,
        micros: 500,
      })),
    );
    const first = await get(
      `?device_id=1&device_user_id=007&operation_type=user_discovered&operation_type=device_added&limit=2` +
        `&from=${new Date(T0).toISOString()}&to=${new Date(T0 + 4).toISOString()}`,
    ).expect(200);
    const body = first.body as { items: Record<string, unknown>[]; next_cursor: string };
    expect(body.items.map(({ timestamp }) => timestamp)).toEqual([
      new Date(T0 + 4).toISOString(),
      new Date(T0 + 2).toISOString(),
    ]);
    expect(body.items[0]).toMatchObject({
      operation_type: 'user_discovered',
      device_user_id: '7',
      performed_by: 'system',
    });
    const second = await get(`?operation_type=user_discovered&limit=2&cursor=${body.next_cursor}`).expect(200);
    expect(second.body).toMatchObject({ items: [{ timestamp: new Date(T0).toISOString() }], next_cursor: null });
    const both = await get('?operation_type=user_discovered,user_buffered').expect(200);
    expect((both.body as { items: unknown[] }).items).toHaveLength(5);
  });

  it.each(['?operation_type=nonsense', '?from=yesterday', '?limit=0', '?device_id=x', '?cursor=MTphYmM', '?other=1'])(
    'answers %s with what is wrong',
    async (query) => {
      await get(query).expect(400);
    },
  );

  it('wants an administrator', async () => {
    await request(app.app.getHttpServer() as never)
      .get('/api/device-users/audit')
      .expect(401);
  });
});
