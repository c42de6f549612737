import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { ConflictModule } from '@app/conflict';
import { ZkTerminal } from '@app/device-emulator';
import { type Device } from '@app/devices';
import { RetrySchedule, systemActor } from '@app/kernel';
import { Person, UserMapping } from '@app/people';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import {
  aUser,
  deviceOf,
  emptyTables,
  ManualClock,
  mapDisagreement,
  openTestApp,
  TEST_TOKEN,
  type TestApp,
} from '@test/support';
import request from 'supertest';

const PATH = '/api/device-users/conflicts';
const enrolled = aUser(1, { name: Buffer.from('Mina Ward'), card: 4_471, password: '80812093', privilege: 0 });
const agreed = {
  name: 'Mina Ward',
  card_number: '4471',
  privilege: 0,
  group_id: 1,
  timezone_id: null,
  has_pin: true,
};

/** Integration scenario 3: a difference made on the device, over HTTP as an administrator sees it. */
describe('a difference made on the device', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let terminal: ZkTerminal;
  let device: Device;

  beforeAll(async () => {
    const coordination = { ttlMs: 300_000, retries: new RetrySchedule(0, 1) };
    app = await openTestApp([SyncServicesModule, ConflictModule], { clock, coordination });
    terminal = await ZkTerminal.start({ transports: ['tcp'], serialNumber: 'CONFLICT1' });
    device = await deviceOf(app.database.dataSource, terminal);
  });
  afterAll(async () => {
    await terminal.stop();
    await app[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { dataSource } = app.database;
    await emptyTables(dataSource, 'device_user_buffer', 'user_machine_mapping', 'people', 'user_conflicts');
    terminal.faults = {};
    terminal.setUsers([enrolled, aUser(2)]);
    const person = { name: 'Mina Ward', cardNumber: '4471' };
    await mapDisagreement(dataSource, device.id, { user: enrolled, person, adopted: agreed });
    await sync();
  });

  async function sync(): Promise<void> {
    clock.advance(60_000);
    await app.get(MachineSyncService).syncDevice(device, systemActor);
  }

  function changeAtTerminal(change: Partial<typeof enrolled>): void {
    terminal.setUsers([{ ...enrolled, ...change }, aUser(2)]);
  }

  const get = (path: string): request.Test =>
    request(app.app.getHttpServer()).get(`${PATH}${path}`).set('Authorization', `Bearer ${TEST_TOKEN}`);
  const resolve = (id: string, body: object): request.Test =>
    request(app.app.getHttpServer())
      .post(`${PATH}/${id}/resolve`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`)
      .send(body);

  async function listed(query = ''): Promise<{ id: string; version: string }[]> {
    const { body } = (await get(query).expect(200)) as { body: { items: { id: string; version: string }[] } };
    return body.items;
  }

  async function database(): Promise<{ name: string; card: string | null; adopted: unknown }> {
    const { dataSource } = app.database;
    const [{ name, cardNumber: card }] = await dataSource.getRepository(Person).find();
    const [{ adopted }] = await dataSource.getRepository(UserMapping).find();
    return { name, card, adopted };
  }

  function onTerminal(): object {
    const { name, ...rest } = terminal.state.users()[0];
    return { ...rest, name: name.toString() };
  }

  it('is no conflict while there is none', async () => {
    expect(await listed()).toEqual([]);
  });

  it('is detected, listed and shown with what each strategy would do', async () => {
    changeAtTerminal({ name: Buffer.from('M. Ward'), card: 5_000, privilege: 14 });
    await sync();
    const [conflict] = await listed(`?device_id=${device.id}&type=attribute_mismatch`);
    const found = {
      name: 'M. Ward',
      card_number: '5000',
      privilege: 14,
      group_id: 1,
      timezone_id: null,
      has_pin: true,
    };
    expect(conflict).toMatchObject({
      conflict_type: 'attribute_mismatch',
      device_user_id: enrolled.userId,
      differing: ['name', 'card_number', 'privilege'],
      device_data: found,
      database_data: agreed,
      agreed_data: agreed,
      resolved: false,
    });
    const shown = await get(`/${conflict.id}`).expect(200);
    expect(shown.headers.etag).toBe(`"${conflict.version}"`);
    expect(shown.body).toMatchObject({
      device_name: device.name,
      person: { name: 'Mina Ward', card_number: '4471' },
      moved: { name: 'device', card_number: 'device', privilege: 'device', group_id: 'neither' },
      strategies: [
        { strategy: 'use_device', writes_device: false, changes_person: true, refused: null },
        { strategy: 'use_database', writes_device: true, changes_person: false, refused: null },
        {
          strategy: 'merge',
          outcomes: [
            { attribute: 'name', from: 'database', value: 'Mina Ward' },
            { attribute: 'card_number', from: 'device', value: '5000' },
            { attribute: 'privilege', from: 'device', value: 14 },
          ],
        },
      ],
    });
  });

  it('is settled with use_device: the database follows, and the device is only read', async () => {
    changeAtTerminal({ name: Buffer.from('M. Ward'), card: 5_000, privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    const before = terminal.snapshot();
    const { body } = (await resolve(id, { strategy: 'use_device', notes: 'wedding' }).expect(200)) as { body: object };
    expect(body).toMatchObject({ resolved: true, resolution_strategy: 'use_device', resolution_notes: 'wedding' });
    expect(terminal.snapshot()).toBe(before);
    const adopted = { ...agreed, name: 'M. Ward', card_number: '5000', privilege: 14 };
    expect(await database()).toEqual({ name: 'M. Ward', card: '5000', adopted });
    expect(await listed()).toEqual([]);
    expect(await listed('?resolved=true')).toMatchObject([{ id, resolved: true }]);
  });

  it('is settled with use_database: the device follows in these attributes and no other, PIN included', async () => {
    changeAtTerminal({ name: Buffer.from('M. Ward'), card: 5_000, privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    await resolve(id, { strategy: 'use_database' }).expect(200);
    expect(onTerminal()).toEqual({ ...enrolled, name: 'Mina Ward' });
    expect(await database()).toEqual({ name: 'Mina Ward', card: '4471', adopted: agreed });
    await sync();
    expect(await listed()).toEqual([]);
  });

  it('is settled with merge: each side follows in what the other has', async () => {
    changeAtTerminal({ name: Buffer.from('M. Ward'), card: 5_000, privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    await resolve(id, { strategy: 'merge', choices: { privilege: 'database' } }).expect(200);
    expect(onTerminal()).toEqual({ ...enrolled, card: 5_000, name: 'Mina Ward' });
    const adopted = { ...agreed, card_number: '5000' };
    expect(await database()).toEqual({ name: 'Mina Ward', card: '5000', adopted });
    await sync();
    expect(await listed()).toEqual([]);
  });

  it('can be settled once: who comes second is told who was first', async () => {
    changeAtTerminal({ privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    await resolve(id, { strategy: 'use_database' }).expect(200);
    const { body } = await resolve(id, { strategy: 'use_device' }).expect(409);
    expect(body).toMatchObject({ code: 'conflict/already-resolved', facts: { strategy: 'use_database' } });
  });

  it('is not settled by a decision on another version', async () => {
    changeAtTerminal({ privilege: 14 });
    await sync();
    const [{ id, version }] = await listed();
    changeAtTerminal({ privilege: 6 });
    await sync();
    const stale = await resolve(id, { strategy: 'use_device' }).set('If-Match', `"${version}"`).expect(412);
    expect(stale.body).toMatchObject({ code: 'conflict/stale-decision', facts: { device: { privilege: 6 } } });
    const [{ version: fresh }] = await listed();
    await resolve(id, { strategy: 'use_device' }).set('If-Match', `"${fresh}"`).expect(200);
  });

  it('is not settled when somebody was at the terminal since: the fresh versions come with the refusal', async () => {
    changeAtTerminal({ privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    changeAtTerminal({ privilege: 6, card: 9 });
    const before = [terminal.snapshot(), await database()];
    const { body } = await resolve(id, { strategy: 'use_database' }).expect(409);
    expect(body).toMatchObject({
      code: 'conflict/changed-meanwhile',
      facts: { differing: ['card_number', 'privilege'], device: { privilege: 6, card_number: '9' }, database: agreed },
    });
    expect([terminal.snapshot(), await database()]).toEqual(before);
    expect(await listed()).toMatchObject([{ id, device_data: { privilege: 6 } }]);
    await resolve(id, { strategy: 'use_database' }).expect(200);
    expect(onTerminal()).toEqual({ ...enrolled, name: 'Mina Ward' });
  });

  it('is not settled when the person changed since', async () => {
    changeAtTerminal({ name: Buffer.from('M. Ward') });
    await sync();
    const [{ id }] = await listed();
    await app.database.dataSource.query(`update people set name = 'Mina Bell'`);
    const { body } = await resolve(id, { strategy: 'use_device' }).expect(409);
    expect(body).toMatchObject({ code: 'conflict/changed-meanwhile', facts: { database: { name: 'Mina Bell' } } });
    expect((await database()).name).toBe('Mina Bell');
  });

  it('stays open when the terminal does not do what it is told, and nothing is changed', async () => {
    changeAtTerminal({ card: 5_000 });
    await sync();
    const [{ id }] = await listed();
    const before = [terminal.snapshot(), await database()];
    terminal.faults = { answers: [{ step: 'user-write', effect: { kind: 'unheeded', answer: 'ok' } }] };
    await resolve(id, { strategy: 'use_database' }).expect(503);
    expect([terminal.snapshot(), await database()]).toEqual(before);
    expect(await listed()).toMatchObject([{ id, resolved: false }]);
    terminal.faults = {};
    await resolve(id, { strategy: 'use_database' }).expect(200);
  });

  it('takes a PIN away, and refuses to invent one', async () => {
    changeAtTerminal({ password: '' });
    await sync();
    const [{ id }] = await listed();
    const { body } = await resolve(id, { strategy: 'use_database' }).expect(409);
    expect(body).toMatchObject({ code: 'conflict/pin-unknown' });
    await resolve(id, { strategy: 'use_device' }).expect(200);
    changeAtTerminal({ password: '1234' });
    await sync();
    const [later] = await listed();
    await resolve(later.id, { strategy: 'use_database' }).expect(200);
    expect(onTerminal()).toMatchObject({ password: '' });
  });

  it('tells the exact count of a name that is too long, and shortens it when that is wanted', async () => {
    await app.database.dataSource.query(`update people set name = 'Wolfeschlegelsteinhausenbergerdorff'`);
    await sync();
    const [{ id }] = await listed();
    const { body } = (await resolve(id, { strategy: 'use_database' }).expect(400)) as { body: { detail: string } };
    expect(body).toMatchObject({ code: 'device-writer/unwritable-value', facts: { bytes: 35, bound: 23 } });
    await resolve(id, { strategy: 'use_database', shorten_name: true }).expect(200);
    expect(onTerminal()).toMatchObject({ name: 'Wolfeschlegelsteinhause' });
    expect((await database()).name).toBe('Wolfeschlegelsteinhausenbergerdorff');
    await sync();
    expect(await listed()).toEqual([]);
  });

  it('goes to nobody who is gone from the terminal', async () => {
    changeAtTerminal({ privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    terminal.setUsers([aUser(2)]);
    const { body } = await resolve(id, { strategy: 'use_device' }).expect(404);
    expect(body).toMatchObject({ code: 'device-writer/user-absent' });
    await sync();
    expect(await listed()).toMatchObject([{ id, resolved: false }]);
  });

  it.each([
    [{}, 400, 'http/invalid-request'],
    [{ strategy: 'newest' }, 400, 'http/invalid-request'],
    [{ strategy: 'merge', choices: { name: 'both' } }, 400, 'http/invalid-request'],
    [{ strategy: 'merge', choices: { pin: 'device' } }, 400, 'http/invalid-request'],
    [{ strategy: 'merge', force: true }, 400, 'http/invalid-request'],
    [{ strategy: 'use_device', choices: { name: 'device' } }, 400, 'conflict/vain-choice'],
  ])('refuses the decision %j', async (decision, status, code) => {
    changeAtTerminal({ privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    expect((await resolve(id, decision).expect(status)).body).toMatchObject({ code });
  });

  it('says so of a conflict that is none', async () => {
    expect((await get('/999').expect(404)).body).toMatchObject({ code: 'conflict/not-found' });
    const { body } = await resolve('999', { strategy: 'merge' }).expect(404);
    expect(body).toMatchObject({ code: 'conflict/not-found' });
    await get('/x').expect(400);
    await get('?type=nonsense').expect(400);
  });

  it('leaves no PIN in any record, answer or entry', async () => {
    changeAtTerminal({ password: '55667788', privilege: 14 });
    await sync();
    const [{ id }] = await listed();
    const answers = [await get(`/${id}`), await resolve(id, { strategy: 'use_device' })].map(({ text }) => text);
    const { dataSource } = app.database;
    const rows = await dataSource.query('select * from user_conflicts');
    const entries = await dataSource.getRepository(AuditEntry).find();
    expect(JSON.stringify([answers, rows, entries, await database()])).not.toMatch(/55667788|80812093/);
  });
});
