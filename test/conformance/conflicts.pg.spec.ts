import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UserConflict } from '@app/conflict';
import { DialInService } from '@app/dial-in';
import { canonicalDeviceUserId, RetrySchedule, systemActor } from '@app/kernel';
import { Person, UserMapping } from '@app/people';
import { DirectMachineSync, MachineSyncService, PopulateBuffer, SyncServicesModule } from '@app/sync-services';
import {
  dialInUrl,
  disagreement,
  type Disagreement,
  disagreements,
  emptyTables,
  ManualClock,
  mapDisagreement,
  openTestApp,
  QUICK_TIMEOUTS,
  SYNCED_KINDS,
  type SyncedTerminal,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';
import { type FindOptionsWhere } from 'typeorm';

const RUNS = { numRuns: 100 };
jest.setTimeout(300_000);
const clock = new ManualClock();
let app: TestApp;

beforeAll(async () => {
  // Names and cards are asked for in every read, so that what changed at the terminal is seen by the next run.
  const timeouts = { ...QUICK_TIMEOUTS, idleMs: 250, replyMs: 250, pageMs: 200, detailsAgeMs: -1 };
  const coordination = { ttlMs: 60_000, retries: new RetrySchedule(0, 1) };
  app = await openTestApp([SyncServicesModule], { clock, timeouts, coordination, env: { AIFACE_PORT: '0' } });
  await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

/** The properties of the requirements that conflicts must have, whatever kind of terminal the user is on. */
describe.each(SYNCED_KINDS)('a contradiction on a terminal of kind $name', (kind) => {
  let terminal: SyncedTerminal;

  /** These users on a terminal of their own, mapped as the database has them. */
  async function fresh(cases: readonly Disagreement[]): Promise<AsyncDisposable> {
    const { dataSource } = app.database;
    const tables = ['device_user_buffer', 'device_user_details_read', 'user_machine_mapping', 'people', 'sync_runs'];
    await emptyTables(dataSource, ...tables, 'user_conflicts');
    await dataSource.query('delete from devices');
    terminal = await kind.start(
      app,
      cases.map(({ user }) => user),
    );
    for (const each of cases) await mapDisagreement(dataSource, terminal.device.id, each);
    return terminal;
  }

  async function sync(): Promise<void> {
    clock.advance(60_000);
    await app.get(MachineSyncService).syncDevice(terminal.device, systemActor);
  }

  function conflicts(where: FindOptionsWhere<UserConflict> = {}): Promise<UserConflict[]> {
    return app.database.dataSource
      .getRepository(UserConflict)
      .find({ where: { deviceId: terminal.device.id, ...where }, order: { deviceUserId: 'ASC', id: 'ASC' } });
  }

  async function openMismatches(): Promise<object[]> {
    const open = await conflicts({ resolved: false, conflictType: 'attribute_mismatch' });
    return open.map(({ deviceUserId, differing }) => ({ deviceUserId, differing }));
  }

  /** What the database holds of everybody: people and mappings, row by row. */
  async function database(): Promise<unknown> {
    const { dataSource } = app.database;
    const order = { id: 'ASC' } as const;
    return [
      await dataSource.getRepository(Person).find({ order }),
      await dataSource.getRepository(UserMapping).find({ order }),
    ];
  }

  function expectedOf(cases: readonly Disagreement[]): object[] {
    return cases
      .filter(({ differing }) => differing.length > 0)
      .map(({ user, differing }) => ({ deviceUserId: canonicalDeviceUserId(user.userId), differing }));
  }

  it('Property 10: Conflict detection: open with both versions if and only if they differ, and one record however often', async () => {
    const again = fc.integer({ min: 1, max: 2 });
    await fc.assert(
      fc.asyncProperty(disagreements(kind), disagreements(kind), again, async (cases, later, again) => {
        await using _ = await fresh(cases);
        await sync();
        expect(await openMismatches()).toEqual(expectedOf(cases));
        const first = await conflicts();
        for (const { deviceUserId, deviceData, databaseData } of first) {
          const each = cases.find(({ user }) => canonicalDeviceUserId(user.userId) === deviceUserId);
          expect(databaseData.name).toBe(each?.person.name);
          expect(databaseData.privilege).toBe(each?.adopted.privilege);
          expect(deviceData).toMatchObject({ name: nameOf(each), has_pin: each?.user.password !== '' });
        }
        for (let run = 0; run < again; run += 1) await sync();
        expect(await conflicts()).toEqual(first);
        // Both sides move on: what differs now is open, in the record that was there, and what does not is not.
        const now = cases.map((each, i) => later[i] ?? each);
        await moveTo(now);
        await sync();
        expect(await openMismatches()).toEqual(expectedOf(now));
        const all = await conflicts({ conflictType: 'attribute_mismatch' });
        expect(all).toHaveLength(cases.filter((each, i) => each.differing.length + now[i].differing.length > 0).length);
      }),
      RUNS,
    );
  });

  function nameOf(each: Disagreement | undefined): string | null {
    return each?.user.name.toString() || null;
  }

  /** The same users and people, each as this has them. */
  async function moveTo(cases: readonly Disagreement[]): Promise<void> {
    const { dataSource } = app.database;
    terminal.setUsers(cases.map(({ user }) => user));
    for (const { user, person, adopted } of cases) {
      const where = { deviceUserId: canonicalDeviceUserId(user.userId) };
      const { id, personId } = await dataSource.getRepository(UserMapping).findOneByOrFail(where);
      await dataSource.getRepository(Person).update({ id: personId }, person);
      await dataSource.query('update user_machine_mapping set adopted = $2 where id = $1', [
        id,
        JSON.stringify(adopted),
      ]);
    }
  }

  it('Property 11: Conflict preservation: whatever runs, both sides stay as they are until somebody decides', async () => {
    const step = fc.record({
      what: fc.constantFrom('machine' as const, 'direct' as const, 'populate' as const),
      fault: fc.option(fc.nat({ max: kind.faults - 1 }), { nil: undefined, freq: 3 }),
    });
    const differing = disagreement(kind, 1).filter((each) => each.differing.length > 0);
    const steps = fc.array(step, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(differing, disagreement(kind, 2), steps, async (first, second, sequence) => {
        await using _ = await fresh([first, second]);
        await sync();
        const [before, rows] = [terminal.snapshot(), await database()];
        const open = await conflicts({ resolved: false });
        expect(open.length).toBeGreaterThan(0);
        let touched = false;
        for (const { what, fault } of sequence) {
          terminal.setFault(fault);
          await perform(what);
          touched ||= terminal.snapshot() !== before; // at its own keypad, which one of the faults does
        }
        if (!touched) expect(terminal.snapshot()).toBe(before);
        expect(await database()).toEqual(rows);
        expect(terminal.outsideAllowList()).toEqual([]);
        terminal.clearFaults();
        await terminal.ready();
        if (!touched) expect(await conflicts({ resolved: false })).toEqual(open);
      }),
      RUNS,
    );
  });

  async function perform(what: 'machine' | 'direct' | 'populate'): Promise<void> {
    const { device } = terminal;
    const failed = (): undefined => undefined;
    if (what === 'machine') await app.get(MachineSyncService).syncDevice(device, systemActor).catch(failed);
    if (what === 'direct') await app.get(DirectMachineSync).syncNow(device, { actor: systemActor }).catch(failed);
    if (what !== 'populate') return;
    const run = app.get(PopulateBuffer).run({ devices: [], dryRun: false, actor: systemActor });
    for await (const { error } of run) void error;
  }
});
