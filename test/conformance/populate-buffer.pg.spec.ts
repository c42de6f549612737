import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BufferedUser } from '@app/buffer';
import { type EmulatedUser } from '@app/device-emulator';
import { DialInService } from '@app/dial-in';
import { canonicalDeviceUserId, RetrySchedule, systemActor } from '@app/kernel';
import { PopulateBuffer, type PopulateTotals, SyncServicesModule } from '@app/sync-services';
import {
  aMapping,
  dialInUrl,
  emptyTables,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  SYNCED_KINDS,
  type SyncedTerminal,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';

const RUNS = { numRuns: 100 };
const COIN = fc.infiniteStream(fc.boolean());
jest.setTimeout(180_000);
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

/** The properties of requirement 10: the migration of the buffer, whatever kind of terminal it reads. */
describe.each(SYNCED_KINDS)('the migration from a terminal of kind $name', (kind) => {
  let terminal: SyncedTerminal;

  async function fresh(users: readonly EmulatedUser[]): Promise<AsyncDisposable> {
    const { dataSource } = app.database;
    const tables = ['device_user_buffer', 'device_user_details_read', 'user_machine_mapping', 'people', 'sync_runs'];
    await emptyTables(dataSource, ...tables, 'buffer_populations');
    await dataSource.query('delete from devices'); // their numbering goes on: the audit log remembers earlier ones
    terminal = await kind.start(app, users);
    return terminal;
  }

  async function populate(): Promise<PopulateTotals> {
    const run = app.get(PopulateBuffer).run({ devices: [], dryRun: false, actor: systemActor });
    for await (const { totals, error } of run) {
      if (error) throw error;
      return totals;
    }
    throw new Error('no terminal was read');
  }

  /** What a terminal can hold, with records that cannot be a user where the protocol has such. */
  const content = fc.tuple(kind.content(20), fc.nat({ max: 3 })).map(([users, blanks]) => {
    if (kind.name !== 'zk') return { users, invalid: [] };
    const free = Array.from({ length: 65_535 }, (_, place) => place + 1).filter((slot) =>
      users.every((user) => user.slot !== slot),
    );
    return { users, invalid: free.slice(0, blanks).map((slot): EmulatedUser => ({ ...BLANK, slot })) };
  });

  /** Maps some of them; gives the IDs of the others. */
  async function mapSome(users: readonly EmulatedUser[], coin: Iterator<boolean>): Promise<string[]> {
    const unmapped: string[] = [];
    for (const { userId } of users) {
      const id = canonicalDeviceUserId(userId);
      if (coin.next().value) await aMapping(app.database.dataSource, terminal.device.id, id);
      else unmapped.push(id);
    }
    return unmapped.toSorted();
  }

  function bufferRows(): Promise<BufferedUser[]> {
    const where = { deviceId: terminal.device.id };
    return app.database.dataSource.getRepository(BufferedUser).find({ where, order: { deviceUserId: 'ASC' } });
  }

  async function bufferedIds(): Promise<string[]> {
    return (await bufferRows()).map(({ deviceUserId }): string => deviceUserId).toSorted();
  }

  it('Property 26: Migration completeness: everybody is read and counted once, and the totals add up to the terminal’s count', async () => {
    await fc.assert(
      fc.asyncProperty(content, COIN, async ({ users, invalid }, coin) => {
        await using _ = await fresh([...users, ...invalid]);
        const unmapped = await mapSome(users, coin);
        const totals = await populate();
        expect(totals).toEqual({
          counted: users.length + invalid.length,
          read: users.length,
          mapped: users.length - unmapped.length,
          unmapped: unmapped.length,
          newlyBuffered: unmapped.length,
          alreadyBuffered: 0,
          invalid: invalid.length,
        });
      }),
      RUNS,
    );
  });

  it('Property 27: Unmapped identification: those told as unmapped are exactly those without a mapping', async () => {
    await fc.assert(
      fc.asyncProperty(content, COIN, async ({ users, invalid }, coin) => {
        await using _ = await fresh([...users, ...invalid]);
        const unmapped = await mapSome(users, coin);
        const { unmapped: told } = await populate();
        const waiting = (await bufferRows()).filter(({ mappingStatus }) => mappingStatus === 'unmapped');
        expect(waiting.map(({ deviceUserId }): string => deviceUserId).toSorted()).toEqual(unmapped);
        expect(told).toBe(unmapped.length);
      }),
      RUNS,
    );
  });

  it('Property 28: Buffer population: after it every unmapped user has a row, and nobody else has got one', async () => {
    await fc.assert(
      fc.asyncProperty(content, COIN, COIN, async ({ users, invalid }, mapped, metBefore) => {
        await using _ = await fresh([]);
        // Some were met before: they have their row already.
        terminal.setUsers(users.filter(() => metBefore.next().value));
        const unmapped = await mapSome(users, mapped);
        await populate();
        const known = await bufferedIds();
        terminal.setUsers([...users, ...invalid]);
        const { newlyBuffered, alreadyBuffered } = await populate();
        expect(await bufferedIds()).toEqual(unmapped);
        expect({ newlyBuffered, alreadyBuffered }).toEqual({
          newlyBuffered: unmapped.length - known.length,
          alreadyBuffered: known.length,
        });
      }),
      RUNS,
    );
  });

  it('Property 29: Migration idempotence: n runs leave the buffer as one does, mapped rows too, and the terminal untouched', async () => {
    const repetitions = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(content, COIN, repetitions, async ({ users, invalid }, coin, again) => {
        await using _ = await fresh([...users, ...invalid]);
        // Earlier content: everybody was buffered, and some of them were mapped since.
        await populate();
        const unmapped = await mapSome(users, coin);
        const before = terminal.snapshot();
        clock.advance(60_000);
        await populate();
        const once = await bufferRows();
        for (let repetition = 0; repetition < again; repetition += 1) {
          clock.advance(60_000);
          const totals = await populate();
          expect(totals).toMatchObject({ newlyBuffered: 0, alreadyBuffered: unmapped.length });
        }
        const lasting = (row: BufferedUser): object => ({ ...row, lastSeenAt: undefined, updatedAt: undefined });
        expect((await bufferRows()).map(lasting)).toEqual(once.map(lasting));
        expect(once).toHaveLength(users.length);
        expect(terminal.snapshot()).toBe(before);
        expect(terminal.outsideAllowList()).toEqual([]);
      }),
      RUNS,
    );
  });
});

/** A record that decodes and cannot be a user: it has no ID. */
const BLANK: Omit<EmulatedUser, 'slot'> = {
  userId: '',
  name: Buffer.alloc(0),
  privilege: 0,
  password: '',
  card: 0,
  group: 1,
  ownZones: false,
  zones: [1, 0, 0],
};
