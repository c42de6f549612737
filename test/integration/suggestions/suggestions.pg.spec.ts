import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Person, UserMapping } from '@app/people';
import { SuggestionsModule } from '@app/suggestions';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, withoutTriggers } from '@test/support';
import request from 'supertest';

const DEVICE = '1';
const OTHER_DEVICE = '2';
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([SuggestionsModule]);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(() => emptyTables(app.database.dataSource, 'device_user_buffer', 'user_machine_mapping', 'people'));

interface Reason {
  readonly kind: string;
  readonly detail: string;
}
interface Item {
  readonly person_id: string;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

function aPerson(name: string, change: Partial<Person> = {}): Promise<Person> {
  return app.database.dataSource.getRepository(Person).save({ personType: 'staff' as const, name, ...change });
}

async function aUser(
  deviceUserId: string,
  name: string | null,
  change: { card?: string; device?: string } = {},
): Promise<string> {
  const { dataSource } = app.database;
  const [{ id }] = await withoutTriggers(dataSource, (tx) =>
    tx.query<[{ id: string }]>(
      `insert into device_user_buffer (device_id, device_user_id, name, card_number, discovered_at, last_seen_at)
       values ($1, $2, $3, $4, now(), now()) returning id`,
      [change.device ?? DEVICE, deviceUserId, name, change.card ?? null],
    ),
  );
  return id;
}

async function mapped(
  person: Person,
  deviceId: string,
  deviceUserId: string,
  shown: { name?: string; card?: string; validTo?: Date } = {},
): Promise<void> {
  const adopted = {
    name: shown.name ?? null,
    card_number: shown.card ?? null,
    privilege: 0,
    group_id: null,
    timezone_id: null,
    has_pin: false,
  };
  const { id: personId, personType } = person;
  await withoutTriggers(app.database.dataSource, async (tx) => {
    const times = { validFrom: new Date('2026-01-01T00:00:00Z'), validTo: shown.validTo ?? null };
    await tx.insert(UserMapping, {
      deviceId,
      deviceUserId,
      personId,
      personType,
      adopted,
      ...times,
      createdBy: 'test',
    });
  });
}

async function get(path: string, status = 200): Promise<{ items: Item[]; next_cursor: string | null; code: string }> {
  const response = await request(app.app.getHttpServer())
    .get(`/api/device-users${path}`)
    .set('Authorization', `Bearer ${TEST_TOKEN}`);
  expect([response.status, response.body]).toEqual([status, expect.anything()]);
  return response.body as { items: Item[]; next_cursor: string | null; code: string };
}

async function suggestionsFor(id: string): Promise<Item[]> {
  return (await get(`/buffer/${id}/suggestions`)).items;
}

function kinds(item: Item | undefined): string[] {
  return (item?.reasons ?? []).map(({ kind }) => kind);
}

describe('evidence', () => {
  it('is a name in another script, with the reason in words', async () => {
    const person = await aPerson('محمد عبد الرحمن فوزي', { externalReference: 'E-17' });
    await aPerson('Luis Moreno');
    const items = await suggestionsFor(await aUser('9001', 'Mohamed Abdulrahman Fawz'));
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      person_id: person.id,
      person_type: 'staff',
      name: 'محمد عبد الرحمن فوزي',
      external_reference: 'E-17',
      reasons: [{ kind: 'name', detail: expect.stringMatching(/^“Mohamed Abdulrahman Fawz” on the terminal .*like/) }],
    });
    expect(items[0].score).toBeGreaterThan(0.5);
    expect(items[0].score).toBe(Math.round(items[0].score * 100) / 100);
  });

  it('is the external reference as device user ID, whatever the leading zeros', async () => {
    const person = await aPerson('Ana Vidal', { externalReference: '0004711' });
    const [item] = await suggestionsFor(await aUser('4711', null));
    expect([item.person_id, item.score, kinds(item)]).toEqual([person.id, 0.7, ['reference']]);
  });

  it('is the card, which outranks a name that is the same', async () => {
    const namesake = await aPerson('Ana Vidal');
    const holder = await aPerson('Rajesh Kumar', { cardNumber: '000123456' });
    const items = await suggestionsFor(await aUser('5', 'Ana Vidal', { card: '123456' }));
    expect(items.map(({ person_id: id }) => id)).toEqual([holder.id, namesake.id]);
    expect(items.map(kinds)).toEqual([['card', 'name-differs'], ['name']]);
    expect(items[0].score).toBeGreaterThan(items[1].score);
  });

  it('is no proof when two people have the card', async () => {
    await aPerson('Ana Vidal', { cardNumber: '77' });
    await aPerson('Ana Bidal', { cardNumber: '77' });
    const items = await suggestionsFor(await aUser('5', null, { card: '77' }));
    expect(items.map((item) => [item.score, kinds(item)])).toEqual([
      [0.6, ['card-shared']],
      [0.6, ['card-shared']],
    ]);
  });

  it('against a person is another card', async () => {
    await aPerson('Ana Vidal', { cardNumber: '77' });
    const without = await suggestionsFor(await aUser('5', 'Ana Vidal'));
    const against = await suggestionsFor(await aUser('6', 'Ana Vidal', { card: '88' }));
    expect(kinds(against[0])).toEqual(['name', 'card-differs']);
    expect(against[0].score).toBeLessThan(without[0].score - 0.3);
  });

  it('against a person who has only the reference in common is another name', async () => {
    await aPerson('Ana Vidal', { externalReference: '4711' });
    const [item] = await suggestionsFor(await aUser('4711', 'Mohammed Fawzi'));
    expect([item.score, kinds(item)]).toEqual([0.42, ['reference', 'name-differs']]);
  });

  it('is what another device has for the person: the ID, the name, the card', async () => {
    const person = await aPerson('Vidal Sánchez, Ana María');
    await mapped(person, OTHER_DEVICE, '42', { name: 'Anita', card: '0099' });
    const byId = await suggestionsFor(await aUser('42', null));
    const byName = await suggestionsFor(await aUser('43', 'ANITA'));
    const byCard = await suggestionsFor(await aUser('44', null, { card: '99' }));
    expect([byId, byName, byCard].map(([item]) => item.person_id)).toEqual([person.id, person.id, person.id]);
    expect(byId[0].reasons).toEqual([{ kind: 'id-elsewhere', detail: 'This person has the ID 42 on device 2' }]);
    expect(kinds(byName[0])).toContain('name-elsewhere');
    expect(kinds(byCard[0])).toEqual(['card-elsewhere']);
    expect(byCard[0].score).toBeGreaterThanOrEqual(0.96);
  });

  it('is not a mapping that has ended', async () => {
    const person = await aPerson('Ana Vidal');
    await mapped(person, OTHER_DEVICE, '42', { validTo: new Date('2026-02-01T00:00:00Z') });
    expect(await suggestionsFor(await aUser('42', null))).toEqual([]);
  });

  it('adds up', async () => {
    const person = await aPerson('Ana Vidal', { externalReference: '4711' });
    await aPerson('Ana Bidal');
    const alone = await suggestionsFor(await aUser('5', 'Ana Bidal Soto'));
    const [item] = await suggestionsFor(await aUser('4711', 'Ana Vidal Soto'));
    expect([item.person_id, kinds(item)]).toEqual([person.id, ['reference', 'name']]);
    expect(item.score).toBeGreaterThan(alone[0].score);
  });
});

describe('who is not suggested', () => {
  it('is whoever is inactive, from the next request on', async () => {
    const person = await aPerson('Ana Vidal', { cardNumber: '77', externalReference: '5' });
    const user = await aUser('5', 'Ana Vidal', { card: '77' });
    expect(await suggestionsFor(user)).toHaveLength(1);
    await app.database.dataSource.query('update people set active = false where id = $1', [person.id]);
    expect(await suggestionsFor(user)).toEqual([]);
    await app.database.dataSource.query('update people set active = true, name = $2 where id = $1', [
      person.id,
      'Eva Gil',
    ]);
    expect((await suggestionsFor(user)).map(kinds)).toEqual([['card', 'reference', 'name-differs']]);
  });

  it('is whoever is mapped on that device, but not whoever is mapped on another', async () => {
    const here = await aPerson('Ana Vidal');
    const there = await aPerson('Ana Bidal');
    await mapped(here, DEVICE, '1');
    await mapped(there, OTHER_DEVICE, '1');
    const items = await suggestionsFor(await aUser('5', 'Ana Vidal'));
    expect(items.map(({ person_id: id }) => id)).toEqual([there.id]);
  });
});

describe('the list', () => {
  it('pages through the unmapped users of a device, each once, with their best suggestions', async () => {
    await Promise.all(['Ana Vidal', 'Luis Moreno', 'Rajesh Kumar', 'Abebe Bekele'].map((name) => aPerson(name)));
    const users: string[] = [];
    for (const name of ['Ana Vidal', 'luis moreno', 'राजेश कुमार', 'አበበ በቀለ', 'Nobody Known'])
      users.push(await aUser(String(100 + users.length), name));
    await aUser('200', 'Ana Vidal', { device: OTHER_DEVICE });
    const seen: { id: string; suggestions: { name: string }[] }[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await get(`/suggestions?device_id=${DEVICE}&limit=2${after}`);
      seen.push(...(page.items as unknown as typeof seen));
      cursor = page.next_cursor;
    }
    expect(seen.map(({ id }) => id)).toEqual(users);
    expect(seen.map(({ suggestions }) => suggestions[0]?.name)).toEqual([
      'Ana Vidal',
      'Luis Moreno',
      'Rajesh Kumar',
      'Abebe Bekele',
      undefined,
    ]);
    expect((await get('/suggestions')).items).toHaveLength(6);
  });

  it('leaves out what is below the wanted score, and keeps the user', async () => {
    await aPerson('Ana Vidal', { externalReference: '5' });
    await aUser('5', null);
    const listed = async (minScore: number): Promise<unknown> =>
      ((await get(`/suggestions?min_score=${minScore}`)).items as unknown as { suggestions: unknown[] }[]).map(
        ({ suggestions }) => suggestions.length,
      );
    expect([await listed(0.4), await listed(0.41)]).toEqual([[1], [0]]);
  });

  it('gives at most as many suggestions for a user as were asked for', async () => {
    for (let i = 0; i < 8; i += 1) await aPerson('Ana Vidal');
    const user = await aUser('5', 'Ana Vidal');
    expect((await get(`/buffer/${user}/suggestions?limit=2`)).items).toHaveLength(2);
    const items = await suggestionsFor(user);
    expect(items).toHaveLength(5);
    expect(items[0].reasons[0].detail).toContain('as like is the name of 7 other people');
  });
});

describe('a request that makes no sense', () => {
  it('is refused', async () => {
    const user = await aUser('5', 'Ana Vidal');
    await withoutTriggers(app.database.dataSource, (tx) =>
      tx.query(`update device_user_buffer set mapping_status = 'mapped' where id = $1`, [user]),
    );
    expect((await get(`/buffer/${user}/suggestions`, 409)).code).toBe('suggestions/already-mapped');
    expect((await get('/buffer/999999/suggestions', 404)).code).toBe('buffer/user-not-found');
    expect((await get(`/buffer/${user}/suggestions?limit=21`, 400)).code).toBe('http/invalid-request');
    expect((await get('/suggestions?min_score=2', 400)).code).toBe('http/invalid-request');
    expect((await get('/suggestions?cursor=x', 400)).code).toBe('http/bad-cursor');
  });
});

it('writes nothing', async () => {
  const { dataSource } = app.database;
  await mapped(await aPerson('Ana Vidal', { cardNumber: '77' }), OTHER_DEVICE, '5');
  const user = await aUser('5', 'Ana Vidal', { card: '77' });
  const state = (): Promise<unknown> =>
    dataSource.query(
      `select (select jsonb_agg(p order by id) from people p) as people,
              (select jsonb_agg(m order by id) from user_machine_mapping m) as mappings,
              (select jsonb_agg(b order by id) from device_user_buffer b) as buffer,
              (select count(*) from device_user_audit_log) as audited`,
    );
  const before = await state();
  await suggestionsFor(user);
  await get('/suggestions');
  expect(await state()).toEqual(before);
});

it('answers everybody who asks while the people are being read', async () => {
  await manyPeople(3_000);
  const user = await aUser('5', 'Person Number 2999');
  const answers = await Promise.all(Array.from({ length: 5 }, () => suggestionsFor(user)));
  expect(new Set(answers.map((items) => JSON.stringify(items))).size).toBe(1);
  expect(answers[0].length).toBeGreaterThan(0);
});

async function manyPeople(count: number): Promise<void> {
  await app.database.dataSource.query(
    `insert into people (person_type, name) select 'staff', 'Person Number ' || n from generate_series(1, $1::int) n`,
    [count],
  );
}
