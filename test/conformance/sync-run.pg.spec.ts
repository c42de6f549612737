import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { BufferedUser } from '@app/buffer';
import { type EmulatedUser } from '@app/device-emulator';
import { canonicalDeviceUserId, RetrySchedule, systemActor } from '@app/kernel';
import { DirectMachineSync, MachineSyncService, SyncFailedError, SyncServicesModule } from '@app/sync-services';
import {
  aMapping,
  type BufferedAttributes,
  dialInUrl,
  emptyTables,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  SYNCED_KINDS,
  type SyncedTerminal,
  type TestApp,
} from '@test/support';
import { DialInService } from '@app/dial-in';
import fc from 'fast-check';

const RUNS = { numRuns: 100 };
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

/** The properties of the requirements that a run must have, whatever kind of terminal it reads. */
describe.each(SYNCED_KINDS)('a run against a terminal of kind $name', (kind) => {
  let terminal: SyncedTerminal;

  /** A terminal of its own and an empty database for each case, since a property speaks about first meetings too. */
  async function fresh(users: readonly EmulatedUser[] = []): Promise<AsyncDisposable> {
    const { dataSource } = app.database;
    await emptyTables(
      dataSource,
      'device_user_buffer',
      'device_user_details_read',
      'user_machine_mapping',
      'people',
      'sync_runs',
    );
    // Devices keep their numbering: the audit log remembers, and must, whom it met on an earlier one.
    await dataSource.query('delete from devices');
    terminal = await kind.start(app, users);
    return terminal;
  }

  async function sync(service: 'machine' | 'direct' = 'machine'): Promise<unknown> {
    const { device } = terminal;
    if (service === 'direct') return app.get(DirectMachineSync).syncNow(device, { actor: systemActor });
    return app.get(MachineSyncService).syncDevice(device, systemActor);
  }

  function bufferRows(): Promise<BufferedUser[]> {
    const where = { deviceId: terminal.device.id };
    return app.database.dataSource.getRepository(BufferedUser).find({ where, order: { deviceUserId: 'ASC' } });
  }

  function expectedRows(users: readonly EmulatedUser[]): BufferedAttributes[] {
    return sorted(users.map((user) => kind.attributesOf(user)));
  }

  /** Maps some of these; gives the others. */
  async function mapSome(users: readonly EmulatedUser[], coin: Iterator<boolean>): Promise<EmulatedUser[]> {
    const unmapped: EmulatedUser[] = [];
    for (const user of users) {
      if (coin.next().value)
        await aMapping(app.database.dataSource, terminal.device.id, canonicalDeviceUserId(user.userId));
      else unmapped.push(user);
    }
    return unmapped;
  }

  it('Property 1: Complete user retrieval: works with all users as they are on the device, or fails as incomplete', async () => {
    await fc.assert(
      fc.asyncProperty(kind.content(), fc.boolean(), async (users, withholds) => {
        await using _ = await fresh(users);
        if (withholds && kind.lists(users)) {
          terminal.withhold();
          // A short list is told at once, or for what it lacks; in no case is a part of it kept.
          await expect(sync()).rejects.toMatchObject({ code: 'device/incomplete-read' });
          expect(await bufferRows()).toEqual([]);
        } else {
          await sync();
          expect(attributesOf(await bufferRows())).toEqual(expectedRows(users));
        }
      }),
      RUNS,
    );
  });

  it('Property 2: Unmapped user buffering: one row for each unmapped user, none for a mapped one', async () => {
    const runs = fc.integer({ min: 1, max: 2 });
    await fc.assert(
      fc.asyncProperty(kind.content(25), fc.infiniteStream(fc.boolean()), runs, async (users, coin, runs) => {
        await using _ = await fresh(users);
        const unmapped = await mapSome(users, coin);
        for (let run = 0; run < runs; run += 1) await sync();
        expect(attributesOf(await bufferRows())).toEqual(expectedRows(unmapped));
      }),
      RUNS,
    );
  });

  it('Property 3: Read-only sync: users and credentials stay, and only reads arrive, also when runs fail', async () => {
    const run = fc.record({
      fault: fc.option(fc.nat({ max: kind.faults - 1 }), { nil: undefined }),
      service: fc.constantFrom('machine' as const, 'direct' as const),
    });
    await fc.assert(
      fc.asyncProperty(kind.content(20), fc.array(run, { minLength: 1, maxLength: 3 }), async (users, sequence) => {
        await using _ = await fresh(users);
        const before = terminal.snapshot();
        let enrolled = false;
        for (const { fault, service } of sequence) {
          terminal.setFault(fault);
          const failure = await sync(service).then(
            () => undefined,
            (error: unknown) => error,
          );
          enrolled ||= terminal.snapshot() !== before; // at its own keypad, which one of the faults does
          if (failure !== undefined) expect(failure).toBeInstanceOf(SyncFailedError);
          else if (fault === undefined && !enrolled) expect(await bufferRows()).toHaveLength(users.length);
        }
        if (!enrolled) expect(terminal.snapshot()).toBe(before);
        expect(terminal.outsideAllowList()).toEqual([]);
      }),
      RUNS,
    );
  });

  it('Property 4: Operation logging: one entry for each discovery, each buffering and each run', async () => {
    const steps = fc.array(fc.record({ users: kind.content(12), fails: fc.boolean() }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (sequence, coin) => {
        await using _ = await fresh();
        const { device } = terminal;
        const firstEntry = await newestEntryId(app);
        const mapped = new Set<string>();
        const met = new Set<string>();
        const buffered = new Set<string>();
        const runs: object[] = [];
        for (const { users, fails } of sequence) {
          terminal.setUsers(users);
          if (fails) {
            terminal.miscount();
            await expect(sync()).rejects.toThrow(SyncFailedError);
            terminal.clearFaults();
            const details: unknown = expect.objectContaining({ code: 'device/incomplete-read' });
            runs.push({ operation: 'sync_run_failed', details });
            continue;
          }
          for (const { userId } of users) {
            const id = canonicalDeviceUserId(userId);
            if (!met.has(id) && coin.next().value) {
              await aMapping(app.database.dataSource, device.id, id);
              mapped.add(id);
            }
            met.add(id);
            if (!mapped.has(id)) buffered.add(id);
          }
          await sync();
          const unmapped = users.filter(({ userId }) => !mapped.has(canonicalDeviceUserId(userId))).length;
          const details = { discovered: users.length, mapped: users.length - unmapped, unmapped };
          runs.push({ operation: 'sync_run_finished', details: expect.objectContaining(details) });
        }
        const entries = await entriesAfter(app, firstEntry);
        const idsOf = (operation: string): (string | null)[] =>
          entries.filter((entry) => entry.operation === operation).map(({ deviceUserId }) => deviceUserId);
        expect(idsOf('user_discovered').toSorted()).toEqual([...met].toSorted());
        expect(idsOf('user_buffered').toSorted()).toEqual([...buffered].toSorted());
        expect(entries.filter(({ operation }) => operation.startsWith('sync_run'))).toEqual(
          runs.map((run) => expect.objectContaining(run)),
        );
        const leases = entries.filter(({ operation }) => operation.startsWith('lease_'));
        expect(leases.map(({ operation }) => operation)).toEqual(
          sequence.flatMap(() => ['lease_acquired', 'lease_released']),
        );
        // What monitoring notices of the same reads is told under its own name.
        for (const entry of entries.filter(({ serviceName }) => serviceName !== 'deviceUserMonitoring')) {
          const performedBy = leases.includes(entry) ? expect.stringMatching(/^machineSyncService@/) : 'system';
          expect(entry).toMatchObject({ deviceId: device.id, performedBy, serviceName: 'machineSyncService' });
          expect(entry.timestamp).toBeInstanceOf(Date);
        }
      }),
      RUNS,
    );
  });

  it('Property 6: Buffer timestamps: discovered at the first, last seen at the latest run in which the user was present', async () => {
    const everybody = kind.content(6).filter((users) => users.length > 0);
    const days = fc.array(fc.infiniteStream(fc.boolean()), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(everybody, days, async (users, presences) => {
        await using _ = await fresh();
        const first = new Map<string, Date>();
        const latest = new Map<string, Date>();
        for (const presence of presences) {
          const present = users.filter(() => presence.next().value);
          terminal.setUsers(present);
          clock.advance(60_000);
          await sync();
          for (const { userId } of present) {
            const id = canonicalDeviceUserId(userId);
            latest.set(id, clock.now());
            if (!first.has(id)) first.set(id, clock.now());
          }
        }
        const rows = await bufferRows();
        expect(rows).toHaveLength(first.size);
        for (const { deviceUserId, discoveredAt, lastSeenAt } of rows) {
          expect([discoveredAt, lastSeenAt]).toEqual([first.get(deviceUserId), latest.get(deviceUserId)]);
        }
      }),
      { numRuns: 50 },
    );
  });
});

function sorted<T extends { readonly deviceUserId: string }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (a.deviceUserId < b.deviceUserId ? -1 : 1));
}

function attributesOf(rows: readonly BufferedUser[]): object[] {
  return sorted(rows).map(({ deviceUserId, slot, nameBytes, cardNumber, privilege, groupId, timezoneId, hasPin }) => ({
    deviceUserId,
    slot,
    nameBytes,
    cardNumber,
    privilege,
    groupId,
    timezoneId,
    hasPin,
  }));
}

async function newestEntryId({ database }: TestApp): Promise<string> {
  const [{ id }] = await database.dataSource.query<{ id: string }[]>(
    'select coalesce(max(id), 0) as id from device_user_audit_log',
  );
  return id;
}

function entriesAfter({ database }: TestApp, id: string): Promise<AuditEntry[]> {
  return database.dataSource
    .getRepository(AuditEntry)
    .createQueryBuilder('entry')
    .where('entry.id > :id', { id })
    .orderBy('entry.id')
    .getMany();
}
