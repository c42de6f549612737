import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BufferedUser, BufferMappingService, DeviceUserBufferService } from '@app/buffer';
import { type EmulatedUser } from '@app/device-emulator';
import { DialInService } from '@app/dial-in';
import { administrator, RetrySchedule, systemActor } from '@app/kernel';
import { PeopleDirectory, Person, UserMapping } from '@app/people';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import {
  dialInUrl,
  emptyTables,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  SYNCED_KINDS,
  type SyncedTerminal,
  TEST_TOKEN,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';
import request from 'supertest';
import { IsNull } from 'typeorm';

const RUNS = { numRuns: 100 };
const MINA = administrator('account:mina');
jest.setTimeout(240_000);
const clock = new ManualClock();
let app: TestApp;

beforeAll(async () => {
  const timeouts = { ...QUICK_TIMEOUTS, idleMs: 250, replyMs: 250, pageMs: 200 };
  const coordination = { ttlMs: 60_000, retries: new RetrySchedule(0, 1) };
  app = await openTestApp([SyncServicesModule], { clock, timeouts, coordination, env: { AIFACE_PORT: '0' } });
  await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

/** What people decide about the users of a terminal of any kind, and what runs make of it afterwards. */
describe.each(SYNCED_KINDS)('the administration of a terminal of kind $name', (kind) => {
  let terminal: SyncedTerminal;

  async function fresh(users: readonly EmulatedUser[]): Promise<AsyncDisposable> {
    const { dataSource } = app.database;
    const tables = ['device_user_buffer', 'device_user_details_read', 'user_machine_mapping', 'people', 'sync_runs'];
    await emptyTables(dataSource, ...tables, 'user_conflicts');
    await dataSource.query('delete from devices');
    terminal = await kind.start(app, users);
    return terminal;
  }

  const sync = (): Promise<unknown> => app.get(MachineSyncService).syncDevice(terminal.device, systemActor);

  const rows = (): Promise<BufferedUser[]> =>
    app.database.dataSource.getRepository(BufferedUser).find({ order: { id: 'ASC' } });

  /** A person who agrees with what the device holds, so that nothing contradicts. */
  const personFor = ({ name }: BufferedUser): Promise<Person> =>
    app.database.dataSource.getRepository(Person).save({ personType: 'student' as const, name: name ?? '' });

  async function left(): Promise<{ readonly people: number; readonly mappings: number }> {
    const { dataSource } = app.database;
    const people = await dataSource.getRepository(Person).count();
    return { people, mappings: await dataSource.getRepository(UserMapping).countBy({ validTo: IsNull() }) };
  }

  /** Each with a card of its own, since a card that two have is a contradiction. */
  const somebody = kind
    .content(6)
    .filter((users) => users.length > 0 && new Set(users.map(({ card, slot }) => card || -slot)).size === users.length);

  it('Property 7: Status transition: a mapping shows in the buffer, and later runs leave it', async () => {
    await fc.assert(
      fc.asyncProperty(somebody, fc.nat(), fc.integer({ min: 1, max: 2 }), async (users, pick, laterRuns) => {
        await using _ = await fresh(users);
        await sync();
        const buffered = await rows();
        const row = buffered[pick % buffered.length];
        const person = await personFor(row);
        await app
          .get(DeviceUserBufferService)
          .markAsMapped(row.id, { personId: person.id, personType: 'student' }, MINA);
        const expectMapped = async (): Promise<void> => {
          const now = await app.get(DeviceUserBufferService).get(row.id);
          expect(now).toMatchObject({
            mappingStatus: 'mapped',
            mappedToPersonId: person.id,
            mappedToPersonType: 'student',
            mappedAt: expect.any(Date) as unknown,
          });
          expect(now.mappedAt?.getTime()).toBeGreaterThanOrEqual(now.discoveredAt.getTime());
          const { deviceId, deviceUserId } = row;
          const mappings = await app.database.dataSource.getRepository(UserMapping).findBy({ deviceId, deviceUserId });
          expect(mappings).toMatchObject([{ personId: person.id, validTo: null }]);
        };
        await expectMapped();
        for (let run = 0; run < laterRuns; run += 1) {
          await sync();
          await expectMapped();
        }
      }),
      RUNS,
    );
  });

  it('Property 16: Mapping validation: only a person who exists is mapped; else nothing changes anywhere', async () => {
    const wish = fc.oneof(
      fc.constant('existing' as const),
      fc.record({
        person_id: fc.oneof(
          fc.constantFrom('0', '-1', '999999', '1e3', '', ' 1', '9'.repeat(30)),
          fc.string(),
          fc.integer(),
        ),
        person_type: fc.oneof(fc.constantFrom('staff', 'student', 'Student', ''), fc.string(), fc.constant(null)),
      }),
      fc.constant('other type' as const),
    );
    await fc.assert(
      fc.asyncProperty(somebody, fc.nat(), wish, async (users, pick, wanted) => {
        await using _ = await fresh(users);
        await sync();
        const before = await rows();
        const device = terminal.snapshot();
        const row = before[pick % before.length];
        const { id } = await personFor(row);
        const existing = { person_id: id, person_type: 'student' };
        const body =
          wanted === 'existing' ? existing : wanted === 'other type' ? { ...existing, person_type: 'staff' } : wanted;
        const exists = body.person_id === id && body.person_type === 'student';
        const response = await request(app.app.getHttpServer())
          .post(`/api/device-users/buffer/${row.id}/map`)
          .auth(TEST_TOKEN, { type: 'bearer' })
          .send(body);
        expect(response.status).toBe(exists ? 200 : 400);
        expect(terminal.snapshot()).toBe(device);
        const mappings = await app.database.dataSource.getRepository(UserMapping).count();
        expect(mappings).toBe(exists ? 1 : 0);
        if (!exists) expect(await rows()).toEqual(before);
        else expect((await app.get(DeviceUserBufferService).get(row.id)).mappingStatus).toBe('mapped');
      }),
      RUNS,
    );
  });

  it('Property 9: Database deletion isolation: deleting people changes nothing on the device, then or in later runs', async () => {
    const coins = fc.infiniteStream(fc.tuple(fc.boolean(), fc.boolean()));
    await fc.assert(
      fc.asyncProperty(somebody, coins, fc.integer({ min: 1, max: 2 }), async (users, coin, laterRuns) => {
        await using _ = await fresh(users);
        await sync();
        const device = terminal.snapshot();
        const toDelete: Person[] = [];
        for (const row of await rows()) {
          const [isMapped, isDeleted] = coin.next().value as [boolean, boolean];
          if (!isMapped) continue;
          const person = await personFor(row);
          await app.get(BufferMappingService).map(row.id, { personId: person.id, personType: 'student' }, MINA);
          if (isDeleted) toDelete.push(person);
        }
        for (const { id } of toDelete) await app.get(PeopleDirectory).remove(id, MINA);
        for (let run = 0; run < laterRuns; run += 1) await sync();
        expect(terminal.snapshot()).toBe(device);
        expect(terminal.outsideAllowList()).toEqual([]);
        const { people, mappings } = await left();
        expect(mappings).toBe(people); // whoever is left is mapped still, and nobody else is
        expect(await rows()).toHaveLength(users.length);
      }),
      RUNS,
    );
  });

  it('maps nobody twice, whatever runs go on meanwhile', async () => {
    const [users] = fc.sample(somebody, { numRuns: 1, seed: 5 });
    await using _ = await fresh(users);
    await sync();
    const [row] = await rows();
    const people = await Promise.all([personFor(row), personFor(row), personFor(row)]);
    const mapping = app.get(BufferMappingService);
    const outcomes = await Promise.allSettled([
      ...people.map(({ id: personId }) => mapping.map(row.id, { personId, personType: 'student' as const }, MINA)),
      sync(),
    ]);
    expect(outcomes.slice(0, 3).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes[3].status).toBe('fulfilled');
    expect((await app.get(DeviceUserBufferService).get(row.id)).mappingStatus).toBe('mapped');
  });
});
