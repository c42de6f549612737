import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { BufferedUser, BufferMappingService, BufferModule, DeviceUserBufferService } from '@app/buffer';
import { administrator, type DeviceUserId, PERSON_TYPES, systemActor } from '@app/kernel';
import { Person, UserMapping } from '@app/people';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, withoutTriggers, withTestLease } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

jest.setTimeout(120_000);
const RUNS = { numRuns: 100 };
const MINA = administrator('account:mina');
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([BufferModule]);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(() =>
  emptyTables(app.database.dataSource, 'device_user_buffer', 'user_machine_mapping', 'people', 'punches'),
);

/** Buffers a user as a run does; gives the row. */
async function buffered(deviceUserId: string, name: string | null = `User ${deviceUserId}`): Promise<BufferedUser> {
  const context = { deviceId: '1', seenAt: new Date(), service: 'test', performedBy: systemActor };
  const sighting = {
    deviceUserId: deviceUserId as DeviceUserId,
    slot: 1,
    details: { name, nameBytes: Buffer.from(name ?? ''), cardNumber: '4711' },
    privilege: 14,
    groupId: 1,
    timezoneId: null,
    hasPin: true,
  };
  const service = app.get(DeviceUserBufferService);
  await withTestLease(app, (lease) => lease.transaction((tx) => service.recordSightings(tx, context, [sighting])));
  return app.database.dataSource.getRepository(BufferedUser).findOneByOrFail({ deviceId: '1', deviceUserId });
}

function aPerson(name = 'Mina Ward'): Promise<Person> {
  return app.database.dataSource.getRepository(Person).save({ personType: 'staff' as const, name });
}

function api(method: 'get' | 'post' | 'delete', path: string): request.Test {
  return request(app.app.getHttpServer())[method](`/api/device-users/${path}`).auth(TEST_TOKEN, { type: 'bearer' });
}

function entries(operation: string): Promise<AuditEntry[]> {
  const where = { operation: operation as AuditEntry['operation'] };
  return app.database.dataSource.getRepository(AuditEntry).find({ where, order: { id: 'DESC' } });
}

/** A punch of user 9001, whoever that is. */
async function aPunch(instant: string): Promise<void> {
  await withoutTriggers(app.database.dataSource, (tx) =>
    tx.query(
      `insert into punches (device_id, device_user_id, wall_time, instant, time_zone, occurrence, source)
       values (1, '9001', to_char($1::timestamptz at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), $1, 'UTC', 1, 'device')`,
      [instant],
    ),
  );
}

async function ownersOfPunches(): Promise<(string | null)[]> {
  const rows = await app.database.dataSource.query<{ person_id: string | null }[]>(
    'select person_id from punches order by instant',
  );
  return rows.map(({ person_id: id }) => id);
}

it('Property 15: Buffer response: every item has the five fields of 6.2 in their types, whatever a terminal told', async () => {
  const user = fc.record({
    deviceUserId: fc.stringMatching(/^[1-9A-Z][0-9A-Z]{0,8}$/),
    name: fc.option(fc.string({ unit: 'binary', maxLength: 24 }).map((text) => text.replaceAll('\0', ''))),
  });
  const users = fc.uniqueArray(user, { maxLength: 6, selector: ({ deviceUserId }) => deviceUserId });
  await fc.assert(
    fc.asyncProperty(users, fc.integer({ min: 1, max: 4 }), async (content, limit) => {
      await emptyTables(app.database.dataSource, 'device_user_buffer');
      for (const { deviceUserId, name } of content) await buffered(deviceUserId, name);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = new URLSearchParams({ limit: String(limit), ...(cursor ? { cursor } : {}) });
        const { body } = (await api('get', `buffer?${query}`).expect(200)) as {
          body: { items: Record<string, unknown>[]; next_cursor: string | null };
        };
        for (const item of body.items) {
          expect(item).toMatchObject({
            device_user_id: expect.any(String) as unknown,
            discovered_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
            last_seen_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
            mapping_status: 'unmapped',
          });
          const sent = content.find(({ deviceUserId }) => deviceUserId === item.device_user_id);
          expect(item.name).toBe(sent?.name?.toWellFormed() ?? null);
          seen.push(String(item.device_user_id));
        }
        cursor = body.next_cursor;
      }
      expect(seen.toSorted()).toEqual(content.map(({ deviceUserId }) => deviceUserId).toSorted());
    }),
    RUNS,
  );
});

describe('mapping', () => {
  it('sets mapping, status and audit entry together, and adopts what the device holds', async () => {
    const row = await buffered('9001');
    const person = await aPerson();
    const { body } = (await api('post', `buffer/${row.id}/map`)
      .send({ person_id: person.id, person_type: 'staff' })
      .expect(200)) as { body: object };
    expect(body).toMatchObject({
      mapping_status: 'mapped',
      mapped_to_person_id: person.id,
      mapped_to_person_type: 'staff',
      mapped_at: expect.any(String) as unknown,
    });
    const [mapping] = await app.database.dataSource.getRepository(UserMapping).find();
    expect(mapping).toMatchObject({
      deviceId: '1',
      deviceUserId: '9001',
      personId: person.id,
      createdBy: 'admin-token',
      adopted: {
        name: 'User 9001',
        card_number: '4711',
        privilege: 14,
        group_id: 1,
        timezone_id: null,
        has_pin: true,
      },
    });
    const [entry] = await entries('user_mapped');
    expect(entry).toMatchObject({ deviceId: '1', deviceUserId: '9001', performedBy: 'admin-token' });
    expect(entry.details).toEqual({ person_id: person.id, person_type: 'staff' });
  });

  it('changes nothing when it is repeated', async () => {
    const row = await buffered('9001');
    const { id: personId } = await aPerson();
    const mapping = app.get(BufferMappingService);
    const before = (await entries('user_mapped')).length;
    expect(await mapping.map(row.id, { personId, personType: 'staff' }, MINA)).toBe(true);
    const mapped = await app.get(DeviceUserBufferService).get(row.id);
    expect(await mapping.map(row.id, { personId, personType: 'staff' }, MINA)).toBe(false);
    expect(await app.get(DeviceUserBufferService).get(row.id)).toEqual(mapped);
    expect(await entries('user_mapped')).toHaveLength(before + 1);
  });

  it('refuses what is taken, naming it, and moves nothing', async () => {
    const [first, second] = [await buffered('9001'), await buffered('9002')];
    const [mina, noor] = [await aPerson('Mina'), await aPerson('Noor')];
    await api('post', `buffer/${first.id}/map`).send({ person_id: mina.id, person_type: 'staff' }).expect(200);
    const moved = (await api('post', `buffer/${first.id}/map`)
      .send({ person_id: noor.id, person_type: 'staff' })
      .expect(409)) as { body: object };
    expect(moved.body).toMatchObject({ code: 'people/mapping-taken', facts: { person_id: mina.id } });
    const twice = (await api('post', `buffer/${second.id}/map`)
      .send({ person_id: mina.id, person_type: 'staff' })
      .expect(409)) as { body: object };
    expect(twice.body).toMatchObject({ code: 'people/mapping-taken', facts: { device_user_id: '9001' } });
    expect(await app.database.dataSource.getRepository(UserMapping).count()).toBe(1);
    expect((await app.get(DeviceUserBufferService).get(second.id)).mappingStatus).toBe('unmapped');
  });

  it('lets one of many win who map one user at the same time', async () => {
    const row = await buffered('9001');
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => aPerson(`Person ${i}`)));
    const mapping = app.get(BufferMappingService);
    const outcomes = await Promise.allSettled(
      people.map(({ id: personId }) => mapping.map(row.id, { personId, personType: 'staff' }, MINA)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'people/mapping-taken' });
    }
    expect(await app.database.dataSource.getRepository(UserMapping).count()).toBe(1);
  });

  it('maps many row by row, and says of each what became of it', async () => {
    const [first, second] = [await buffered('9001'), await buffered('9002')];
    const mina = await aPerson();
    const wish = { person_id: mina.id, person_type: 'staff' };
    const mappings = [
      { buffer_id: first.id, ...wish },
      { buffer_id: second.id, ...wish },
      { buffer_id: '999', ...wish },
      { buffer_id: first.id, ...wish },
      { buffer_id: second.id, person_id: '888', person_type: 'student' },
    ];
    const { body } = (await api('post', 'buffer/map').send({ mappings }).expect(200)) as { body: object };
    expect(body).toMatchObject({
      mapped: 1,
      unchanged: 1,
      refused: 3,
      rows: [
        { buffer_id: first.id, outcome: 'mapped' },
        { buffer_id: second.id, outcome: 'refused', code: 'people/mapping-taken' },
        { buffer_id: '999', outcome: 'refused', code: 'buffer/user-not-found' },
        { buffer_id: first.id, outcome: 'unchanged' },
        { buffer_id: second.id, outcome: 'refused', code: 'people/no-such-person' },
      ],
    });
  });

  it.each([
    ['a malformed id', { person_id: '1; drop table people', person_type: 'staff' }],
    ['a wrong type', { person_id: '1', person_type: 'pupil' }],
    ['nothing', {}],
  ])('refuses %s before it looks at anything', async (_, body) => {
    const row = await buffered('9001');
    await api('post', `buffer/${row.id}/map`).send(body).expect(400);
    expect(PERSON_TYPES).not.toContain('pupil');
  });
});

describe('removing a mapping', () => {
  it('lets the punches of its time with the person when it was right until now', async () => {
    const row = await buffered('9001');
    const [mina, noor] = [await aPerson('Mina'), await aPerson('Noor')];
    await aPunch('2026-01-01T08:00:00Z');
    const mapping = app.get(BufferMappingService);
    await mapping.map(row.id, { personId: mina.id, personType: 'staff' }, MINA);
    expect(await ownersOfPunches()).toEqual([mina.id]);
    const { body } = (await api('delete', `buffer/${row.id}/map`).expect(200)) as { body: object };
    expect(body).toMatchObject({ mapping_status: 'unmapped', mapped_to_person_id: null, mapped_at: null });
    await mapping.map(row.id, { personId: noor.id, personType: 'staff' }, MINA);
    expect(await ownersOfPunches()).toEqual([mina.id]);
    expect((await entries('user_unmapped'))[0].details).toMatchObject({ person_id: mina.id, ending: 'ended' });
  });

  it('takes the punches away from whom it never was', async () => {
    const row = await buffered('9001');
    const [mina, noor] = [await aPerson('Mina'), await aPerson('Noor')];
    await aPunch('2026-01-01T08:00:00Z');
    const mapping = app.get(BufferMappingService);
    await mapping.map(row.id, { personId: mina.id, personType: 'staff' }, MINA);
    await api('delete', `buffer/${row.id}/map?as=mistaken`).expect(200);
    expect(await ownersOfPunches()).toEqual([null]);
    await mapping.map(row.id, { personId: noor.id, personType: 'staff' }, MINA);
    expect(await ownersOfPunches()).toEqual([noor.id]);
  });

  it('finds mappings in force by their list, and removes one by its id', async () => {
    const row = await buffered('9001');
    const mina = await aPerson();
    await app.get(BufferMappingService).map(row.id, { personId: mina.id, personType: 'staff' }, MINA);
    const { body } = (await api('get', `mappings?person_id=${mina.id}`).expect(200)) as {
      body: { items: { id: string }[] };
    };
    expect(body.items).toMatchObject([{ device_user_id: '9001', person_id: mina.id, created_by: 'account:mina' }]);
    await api('delete', `mappings/${body.items[0].id}`).expect(204);
    await api('delete', `mappings/${body.items[0].id}`).expect(404);
    expect((await app.get(DeviceUserBufferService).get(row.id)).mappingStatus).toBe('unmapped');
  });

  it('has nothing to remove of a user that waits', async () => {
    const row = await buffered('9001');
    const { body } = (await api('delete', `buffer/${row.id}/map`).expect(404)) as { body: object };
    expect(body).toMatchObject({ code: 'people/no-such-mapping' });
  });
});

describe('putting aside', () => {
  it('keeps the reason, leaves the user in the buffer, and is undone by mapping', async () => {
    const row = await buffered('9001');
    await api('post', `buffer/${row.id}/ignore`).send({ reason: 'Card of the reception' }).expect(200);
    expect((await app.get(DeviceUserBufferService).getUnmappedUsers({ limit: 10 })).items).toEqual([]);
    const { body } = (await api('get', 'buffer?ignored=true').expect(200)) as { body: { items: object[] } };
    expect(body.items).toMatchObject([{ device_user_id: '9001', ignored_reason: 'Card of the reception' }]);
    const { id: personId } = await aPerson();
    await app.get(BufferMappingService).map(row.id, { personId, personType: 'staff' }, MINA);
    expect(await app.get(DeviceUserBufferService).get(row.id)).toMatchObject({ ignoredAt: null, ignoredReason: null });
    await api('post', `buffer/${row.id}/ignore`).send({ reason: 'too late' }).expect(409);
  });

  it('takes a user up again', async () => {
    const row = await buffered('9001');
    await api('post', `buffer/${row.id}/ignore`).send({ reason: 'visitor' }).expect(200);
    await api('delete', `buffer/${row.id}/ignore`).expect(204);
    await api('delete', `buffer/${row.id}/ignore`).expect(204);
    expect((await app.get(DeviceUserBufferService).get(row.id)).ignoredReason).toBeNull();
    expect(await entries('user_noticed')).toHaveLength(1);
  });
});

it('shows a mapped user in conflict while one is open, whoever opens it', async () => {
  const row = await buffered('9001');
  const { id: personId } = await aPerson();
  await app.get(BufferMappingService).map(row.id, { personId, personType: 'staff' }, MINA);
  const { dataSource } = app.database;
  const status = async (): Promise<string> => (await app.get(DeviceUserBufferService).get(row.id)).mappingStatus;
  await dataSource.query(
    `insert into user_conflicts (device_id, device_user_id, conflict_type, device_data, database_data, detected_at, version)
     values (1, '9001', 'attribute_mismatch', '{}', '{}', now(), 'v')`,
  );
  expect(await status()).toBe('conflict');
  const { mappedAt } = await app.get(DeviceUserBufferService).get(row.id);
  await dataSource.query(`update user_conflicts set resolved = true, resolved_at = now(), resolved_by = 'mina'`);
  expect(await status()).toBe('mapped');
  expect((await app.get(DeviceUserBufferService).get(row.id)).mappedAt).toEqual(mappedAt);
});
