import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { PeopleDirectory, PeopleModule, UserMapping } from '@app/people';
import { administrator } from '@app/kernel';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';

const ACTOR = administrator('test');
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([PeopleModule]);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await emptyTables(app.database.dataSource, 'people', 'user_machine_mapping');
});

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';
function call(method: Method, path: string, body?: object, headers: Record<string, string> = {}): request.Test {
  const sent = request(app.app.getHttpServer())[method](`/api/people${path}`).auth(TEST_TOKEN, { type: 'bearer' });
  return sent.set(headers).send(body);
}

async function make(body: object): Promise<{ id: string; version: number }> {
  const { body: made } = await call('post', '', { person_type: 'student', ...body }).expect(201);
  return made;
}

async function mapTo(personId: string, deviceUserId: string, deviceId = '1'): Promise<void> {
  const mapping = { deviceId, deviceUserId, personId, personType: 'student' as const, createdBy: 'test' };
  await app.database.dataSource.getRepository(UserMapping).insert(mapping);
}

/** What was logged since `mark`, oldest first. */
async function entriesAfter(mark: string): Promise<AuditEntry[]> {
  const entries = app.database.dataSource.getRepository(AuditEntry).createQueryBuilder('entry');
  return entries.where('entry.id > :mark', { mark }).orderBy('entry.id').getMany();
}
async function markLog(): Promise<string> {
  const [{ mark }] = await app.database.dataSource.query<{ mark: string }[]>(
    'select coalesce(max(id), 0) as mark from device_user_audit_log',
  );
  return mark;
}

describe('a person', () => {
  it('is made in canonical form, shown, and audited once', async () => {
    const mark = await markLog();
    const { body, headers } = await call('post', '', {
      person_type: 'staff',
      external_reference: ' S-1 ',
      name: '  Mi\u0301na   Ward ',
      card_number: '00012345',
    }).expect(201);
    expect(body).toMatchObject({
      person_type: 'staff',
      external_reference: 'S-1',
      name: 'Mína Ward',
      card_number: '12345',
      active: true,
      version: 1,
    });
    expect(headers).toMatchObject({ etag: '"1"', location: `/api/people/${body.id}` });
    const shown = await call('get', `/${body.id}`).expect(200);
    expect(shown.body).toEqual({ ...body, mappings: [] });
    const entries = await entriesAfter(mark);
    expect(entries).toMatchObject([
      { operation: 'person_created', details: { person_id: body.id, name: 'Mína Ward', card_number: '12345' } },
    ]);
    expect(entries[0].performedBy).not.toBe('system');
  });

  it.each([
    [{ name: ' ' }, 'name-missing'],
    [{ name: '\u200d\u200b' }, 'name-missing'],
    [{ name: 'a\tb' }, 'name-unprintable'],
    [{ name: 'evil\u202egnp.exe' }, 'name-unprintable'],
    [{ name: 'x'.repeat(201) }, 'name-too-long'],
    [{ name: 'A', card_number: '12a' }, 'card-not-digits'],
    [{ name: 'A', card_number: '1'.repeat(21) }, 'card-too-long'],
    [{ name: 'A', external_reference: ' ' }, 'reference-missing'],
    [{ name: 'A', external_reference: 'r'.repeat(101) }, 'reference-too-long'],
  ])('is refused as %j', async (fields, code) => {
    const { body } = await call('post', '', { person_type: 'student', ...fields }).expect(400);
    expect(body).toMatchObject({ code: 'people/invalid', facts: { reason_codes: [code] } });
  });

  it.each([
    { name: 'A' },
    { person_type: 'guest', name: 'A' },
    { person_type: 'staff', name: 'A', pin: '1' },
    { person_type: 'staff', name: 'A', active: null },
    { person_type: 'staff', name: 'A', card_number: 5 },
  ])('is refused before it is looked at as %j', async (body) => {
    const answer = await call('post', '', body).expect(400);
    expect(answer.body.code).toBe('http/invalid-request');
  });

  it('shares its external reference with nobody of its type', async () => {
    await make({ external_reference: 'R1', name: 'A' });
    const other = await make({ external_reference: 'R2', name: 'B' });
    const twice = { person_type: 'student', external_reference: 'R1', name: 'C' };
    expect((await call('post', '', twice).expect(409)).body.code).toBe('people/reference-taken');
    const patched = await call('patch', `/${other.id}`, { external_reference: 'R1' }).expect(409);
    expect(patched.body.code).toBe('people/reference-taken');
    await call('post', '', { ...twice, person_type: 'staff' }).expect(201);
    await make({ name: 'without' });
    await make({ name: 'without, too' });
  });

  it('is made once when ten make it at once', async () => {
    const body = { person_type: 'student', external_reference: 'R1', name: 'A' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('post', '', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
  });
});

describe('a change', () => {
  it('changes what is told, leaves the rest, and is audited with before and after', async () => {
    const { id } = await make({ external_reference: 'R1', name: 'A', card_number: '7' });
    const mark = await markLog();
    const { body } = await call('patch', `/${id}`, { name: 'B', card_number: null }).expect(200);
    expect(body).toMatchObject({ external_reference: 'R1', name: 'B', card_number: null, active: true, version: 2 });
    expect(await entriesAfter(mark)).toMatchObject([
      {
        operation: 'person_changed',
        details: { person_id: id, changes: { name: { from: 'A', to: 'B' }, card_number: { from: '7', to: null } } },
      },
    ]);
  });

  it('that changes nothing is none', async () => {
    const { id } = await make({ name: 'A', card_number: '7' });
    const mark = await markLog();
    const { body } = await call('patch', `/${id}`, { name: ' A ', card_number: '007' }).expect(200);
    expect(body.version).toBe(1);
    expect(await entriesAfter(mark)).toEqual([]);
  });

  it('is refused when the person was changed since it was read, and by then only', async () => {
    const { id } = await make({ name: 'A' });
    const { headers } = await call('get', `/${id}`).expect(200);
    await call('patch', `/${id}`, { name: 'B' }, { 'If-Match': headers.etag }).expect(200);
    const late = await call('patch', `/${id}`, { name: 'C' }, { 'If-Match': headers.etag }).expect(412);
    expect(late.body).toMatchObject({ code: 'people/changed-meanwhile', facts: { version: 2 } });
    await call('patch', `/${id}`, { name: 'C' }, { 'If-Match': '"1", W/"2"' }).expect(200);
    await call('patch', `/${id}`, { name: 'D' }, { 'If-Match': '*' }).expect(200);
    const odd = await call('patch', `/${id}`, { name: 'E' }, { 'If-Match': 'yesterday' }).expect(400);
    expect(odd.body.code).toBe('http/invalid-request');
  });

  it('of two with the same version happens once', async () => {
    const { id } = await make({ name: 'A' });
    const rivals = ['B', 'C', 'D', 'E'].map((name) => call('patch', `/${id}`, { name }, { 'If-Match': '"1"' }));
    expect((await Promise.all(rivals)).map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('of the type, or to null where there is no none, is refused', async () => {
    const { id } = await make({ name: 'A' });
    await call('patch', `/${id}`, { person_type: 'staff' }).expect(400);
    await call('patch', `/${id}`, { active: null }).expect(400);
    await call('patch', `/${id}`, { name: null }).expect(400);
    await call('patch', '/99', { name: 'A' }).expect(404);
  });
});

describe('putting a person by its reference', () => {
  it('makes it, then changes it, then does nothing', async () => {
    const mark = await markLog();
    const made = await call('put', '/by-reference/staff/S%2F1', { name: 'A', card_number: '7' }).expect(201);
    expect(made.body).toMatchObject({ person_type: 'staff', external_reference: 'S/1', name: 'A' });
    const changed = await call('put', '/by-reference/staff/S%2F1', { name: 'B', active: false }).expect(200);
    expect(changed.body).toMatchObject({ id: made.body.id, name: 'B', card_number: '7', active: false, version: 2 });
    const again = await call('put', '/by-reference/staff/S%2F1', { name: 'B' }).expect(200);
    expect(again.body).toEqual(changed.body);
    const operations = (await entriesAfter(mark)).map(({ operation }) => operation);
    expect(operations).toEqual(['person_created', 'person_changed']);
  });

  it('makes one person when ten do it at once', async () => {
    const puts = Array.from({ length: 10 }, () => call('put', '/by-reference/student/R1', { name: 'A' }));
    const statuses = (await Promise.all(puts)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(9).fill(200), 201]);
  });

  it('of an impossible reference or type is refused', async () => {
    expect((await call('put', '/by-reference/student/%0A', { name: 'A' }).expect(400)).body.code).toBe(
      'people/invalid',
    );
    await call('put', '/by-reference/guest/R1', { name: 'A' }).expect(400);
  });
});

describe('deleting a person', () => {
  it('ends its mappings, keeps their history, leaves others alone, and is audited', async () => {
    const [gone, other] = [await make({ external_reference: 'R1', name: 'A' }), await make({ name: 'B' })];
    await mapTo(gone.id, '7', '1');
    await mapTo(gone.id, '9', '2');
    await mapTo(other.id, '8', '1');
    const mark = await markLog();
    await call('delete', `/${gone.id}`).expect(204);
    await call('get', `/${gone.id}`).expect(404);
    const mappings = await app.database.dataSource.query<{ id: string; open: boolean }[]>(
      'select device_user_id as id, valid_to is null as open from user_machine_mapping order by 1',
    );
    expect(mappings).toEqual([
      { id: '7', open: false },
      { id: '8', open: true },
      { id: '9', open: false },
    ]);
    const about = { person_id: gone.id, person_type: 'student' };
    const entries = await entriesAfter(mark);
    expect(entries.at(-1)).toMatchObject({ operation: 'person_deleted', details: { ...about, mappings_ended: 2 } });
    const ended = entries.slice(0, -1).sort((a, b) => Number(a.deviceId) - Number(b.deviceId));
    expect(ended).toMatchObject([
      { operation: 'user_unmapped', deviceId: '1', deviceUserId: '7', details: { ...about, reason: 'person deleted' } },
      { operation: 'user_unmapped', deviceId: '2', deviceUserId: '9', details: { ...about, reason: 'person deleted' } },
    ]);
    await call('delete', `/${gone.id}`).expect(404);
  });
});

describe('looking for people', () => {
  it('narrows by type, activity, mapping and text, over pages of any size', async () => {
    const [a, b, c] = [
      await make({ external_reference: 'A_1', name: 'Élise Ånd', card_number: '120' }),
      await make({ external_reference: 'AX1', name: '宮崎 駿', active: false }),
      await make({ person_type: 'staff', name: '100% Ward', card_number: '5' }),
    ];
    await mapTo(b.id, '7');
    const ids = async (query: string): Promise<string[]> => {
      const { body } = await call('get', `?${query}`).expect(200);
      return body.items.map(({ id }: { id: string }) => id);
    };
    expect(await ids('')).toEqual([a.id, b.id, c.id]);
    expect(await ids('person_type=staff')).toEqual([c.id]);
    expect(await ids('active=false')).toEqual([b.id]);
    expect(await ids('mapped=true')).toEqual([b.id]);
    expect(await ids('mapped=false&person_type=student')).toEqual([a.id]);
    expect(await ids(`text=${encodeURIComponent('E\u0301LISE  å')}`)).toEqual([a.id]);
    expect(await ids(`text=${encodeURIComponent('駿')}`)).toEqual([b.id]);
    expect(await ids('text=a_1')).toEqual([a.id]);
    expect(await ids('text=0%25')).toEqual([c.id]);
    expect(await ids('text=00120')).toEqual([a.id]);
    await call('get', '?limit=201').expect(400);
    await call('get', '?mapped=perhaps').expect(400);
    const first = await call('get', '?limit=2').expect(200);
    const second = await call('get', `?limit=2&cursor=${first.body.next_cursor}`).expect(200);
    expect([...first.body.items, ...second.body.items]).toHaveLength(3);
    expect(second.body.next_cursor).toBeNull();
  });

  it('shows who is mapped where, with a tag that follows the mappings too', async () => {
    const { id } = await make({ name: 'A' });
    const before = await call('get', `/${id}`).expect(200);
    await mapTo(id, '7', '1');
    const after = await call('get', `/${id}`).set('If-None-Match', before.headers.etag).expect(200);
    expect(after.body.mappings).toEqual([{ device_id: '1', device_user_id: '7', since: null }]);
    await call('patch', `/${id}`, { name: 'B' }, { 'If-Match': after.headers.etag }).expect(200);
  });

  it('finds anybody among 50,000 while nobody waits', async () => {
    await app.database.dataSource.query(
      `insert into people (person_type, external_reference, name, card_number)
       select 'student', 'R' || n, 'Name ' || n, n::text from generate_series(1, 50000) n`,
    );
    const { items } = await app.get(PeopleDirectory).list({ text: 'name 49999' }, { limit: 10 });
    expect(items).toMatchObject([{ externalReference: 'R49999' }]);
  });
});

it('asks every caller who they are', async () => {
  for (const [method, path] of [
    ['get', ''],
    ['post', ''],
    ['patch', '/1'],
    ['delete', '/1'],
    ['put', '/by-reference/staff/1'],
    ['post', '/bulk'],
    ['post', '/import'],
  ] as const) {
    await request(app.app.getHttpServer())[method](`/api/people${path}`).expect(401);
  }
});

it('tells who did it', async () => {
  const mark = await markLog();
  await app.get(PeopleDirectory).create({ personType: 'staff', name: 'A' }, ACTOR);
  expect(await entriesAfter(mark)).toMatchObject([{ performedBy: 'test', serviceName: 'people' }]);
});
