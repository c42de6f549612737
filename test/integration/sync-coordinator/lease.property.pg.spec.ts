import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { RetrySchedule } from '@app/kernel';
import {
  type Lease,
  LeaseBusyError,
  LeaseLostError,
  SyncCoordinator,
  SyncCoordinatorModule,
} from '@app/sync-coordinator';
import { ManualClock, openTestApp, type TestApp } from '@test/support';
import fc from 'fast-check';

const TTL_MS = 5 * 60_000;
const RUNS = { numRuns: 100 };
const clock = new ManualClock();
let app: TestApp;
let coordinator: SyncCoordinator;
let devices = 0;

beforeAll(async () => {
  app = await openTestApp([SyncCoordinatorModule], {
    clock,
    coordination: { ttlMs: TTL_MS, retries: new RetrySchedule(3, 2_000) },
  });
  coordinator = app.get(SyncCoordinator);
  await app.database.dataSource.query('create table written (key text, token bigint)');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

function newDevice(): string {
  devices += 1;
  return `device:${devices}`;
}

function entriesOf(key: string): Promise<AuditEntry[]> {
  return app.database.dataSource
    .getRepository(AuditEntry)
    .find({ where: { deviceId: key.slice('device:'.length) }, order: { id: 'ASC' } });
}

/** Makes a term as old as that, by the database's own clock. */
async function age(key: string, ageMs: number): Promise<void> {
  await app.database.dataSource.query(
    `update sync_locks set acquired_at = clock_timestamp() - $2 * interval '1 ms',
            expires_at = clock_timestamp() + ($3 - $2) * interval '1 ms' where lock_key = $1`,
    [key, ageMs, TTL_MS],
  );
}

it('Property 17: Lock lifecycle: access lies between acquisition and release, never overlaps, and all is logged', async () => {
  const run = fc.record({
    service: fc.constantFrom('machineSyncService', 'directMachineSync', 'aasRealtimeSync'),
    device: fc.constantFrom(0, 1),
    ending: fc.constantFrom('success', 'failure', 'exception'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 8 }), async (runs) => {
      const keys = [newDevice(), newDevice()];
      const inside = new Map<string, number>();
      let overlaps = 0;
      const held: { key: string; service: string }[] = [];
      const execute = async ({ service, device, ending }: (typeof runs)[number]): Promise<void> => {
        const key = keys[device];
        for (;;) {
          try {
            await coordinator.withLease(key, { service }, async () => {
              inside.set(key, (inside.get(key) ?? 0) + 1);
              if (inside.get(key) !== 1 || !(await coordinator.checkLockStatus(key)).held) overlaps += 1;
              held.push({ key, service });
              inside.set(key, (inside.get(key) ?? 0) - 1);
              if (ending === 'exception') throw new Error('broken');
              return ending === 'failure' ? Promise.reject(new LeaseLostError(key, '0')) : undefined;
            });
            return;
          } catch (error) {
            if (error instanceof LeaseBusyError) continue;
            expect(ending).not.toBe('success');
            return;
          }
        }
      };
      await Promise.all(runs.map(execute));
      expect(overlaps).toBe(0);
      expect(held).toHaveLength(runs.length);
      for (const key of keys) {
        const entries = await entriesOf(key);
        const expected = held.filter((one) => one.key === key);
        expect(entries.map(({ operation }) => operation)).toEqual(
          expected.flatMap(() => ['lease_acquired', 'lease_released']),
        );
        expect(entries.filter((_, i) => i % 2 === 0).map(({ serviceName }) => serviceName)).toEqual(
          expected.map(({ service }) => service),
        );
        for (const [i, entry] of entries.entries()) {
          expect(entry.details).toMatchObject({ fencing_token: 1 + Math.floor(i / 2), lock_key: key });
          if (i > 0) expect(entry.timestamp.getTime()).toBeGreaterThanOrEqual(entries[i - 1].timestamp.getTime());
        }
      }
    }),
    RUNS,
  );
});

it('Property 18: Lock retry: with k busy attempts, k <= 3, it starts at attempt k + 1; with more it fails after 1 + 3', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 6 }), async (busyAttempts) => {
      const key = newDevice();
      const holder = busyAttempts > 0 ? await coordinator.acquireLock(key, { service: 'backup' }) : undefined;
      clock.sleeps.length = 0;
      let worked = 0;
      // Whoever holds the lease gives it back during the last wait that the other one is to find it busy before.
      clock.onSleep = async () => {
        if (holder && clock.sleeps.length === busyAttempts) await coordinator.releaseLock(holder);
      };
      const outcome = await coordinator
        .withLease(key, { service: 'machineSyncService' }, async () => (worked += 1))
        .then(
          () => 'worked',
          (error: unknown) => error,
        );
      clock.onSleep = undefined;
      if (busyAttempts <= 3) {
        expect(outcome).toBe('worked');
        expect(clock.sleeps).toHaveLength(busyAttempts);
      } else {
        expect(outcome).toBeInstanceOf(LeaseBusyError);
        expect(worked).toBe(0);
        expect(clock.sleeps).toHaveLength(3);
      }
      for (const [i, slept] of clock.sleeps.entries()) expect(slept / (2_000 * 2 ** i)).toBeGreaterThanOrEqual(0.75);
      if (holder) await coordinator.releaseLock(holder);
    }),
    RUNS,
  );
});

it('Property 19: Lock timeout: freed with its holder named once it is older than five minutes, and not before', async () => {
  const warned = warningsOf();
  // Near the boundary the machine's own time would decide, so half a minute around it is left out.
  const ages = fc.oneof(
    fc.integer({ min: 0, max: TTL_MS - 30_000 }),
    fc.integer({ min: TTL_MS + 1, max: TTL_MS * 20 }),
  );
  await fc.assert(
    fc.asyncProperty(ages, fc.constantFrom('clean-up', 'acquisition'), fc.boolean(), async (ageMs, how, alive) => {
      const key = newDevice();
      const { dataSource } = app.database;
      const old = await coordinator.acquireLock(key, { service: 'slow' });
      const write = (lease: Lease): Promise<unknown> =>
        lease.transaction((tx) => tx.query('insert into written values ($1, $2)', [key, lease.token]));
      if (alive) await write(old);
      await age(key, ageMs);
      warned.length = 0;
      if (how === 'clean-up') await coordinator.cleanupExpiredLocks();
      const next = await coordinator.acquireLock(key, { service: 'next' }).catch((error: unknown) => error as Error);
      if (ageMs <= TTL_MS) {
        expect(next).toBeInstanceOf(LeaseBusyError);
        await write(old);
        expect(await coordinator.releaseLock(old)).toBe(true);
        expect(warned).toEqual([]);
        return;
      }
      expect(warned).toEqual([expect.objectContaining({ key, holder: expect.stringMatching(/^slow@/) })]);
      expect(next).toMatchObject({ token: '2', writesNotBefore: expect.any(Date) });
      await expect(write(old)).rejects.toThrow(LeaseLostError);
      expect(await coordinator.releaseLock(old)).toBe(false);
      expect(await coordinator.checkLockStatus(key)).toMatchObject({ held: true, token: '2' });
      await write(next as Lease);
      const [{ stale }] = await dataSource.query<{ stale: string }[]>(
        'select count(*) as stale from written where key = $1 and token = 1',
        [key],
      );
      expect(Number(stale)).toBe(alive ? 1 : 0);
      expect(
        (await entriesOf(key)).map(({ operation, performedBy }) => [operation, performedBy.split('@')[0]]),
      ).toEqual([
        ['lease_acquired', 'slow'],
        ['lease_expired', 'slow'],
        ['lease_acquired', 'next'],
      ]);
      await coordinator.releaseLock(next as Lease);
    }),
    RUNS,
  );
});

/** What the coordinator warns of, as an operator would read it. */
function warningsOf(): object[] {
  const told: object[] = [];
  const logger = (coordinator as unknown as { logger: { warn(entry: object): void } }).logger;
  logger.warn = (entry) => told.push(entry);
  return told;
}

describe('any sequence of what can happen to a lock', () => {
  /** What the database must agree with. */
  interface Model {
    holder?: Lease;
    expired: boolean;
    token: number;
    readonly old: Lease[];
  }
  interface Real {
    readonly key: string;
  }
  type Command = fc.AsyncCommand<Model, Real>;

  const acquire: Command = {
    check: () => true,
    async run(model, { key }) {
      const lease = await coordinator.acquireLock(key, { service: randomUUID() }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(LeaseBusyError);
        return undefined;
      });
      expect(lease !== undefined).toBe(model.holder === undefined || model.expired);
      if (!lease) return;
      if (model.holder) model.old.push(model.holder);
      model.token += 1;
      expect(Number(lease.token)).toBe(model.token);
      model.holder = lease;
      model.expired = false;
    },
    toString: () => 'acquire',
  };
  const release: Command = {
    check: ({ holder }) => holder !== undefined,
    async run(model) {
      expect(await coordinator.releaseLock(model.holder as Lease)).toBe(true);
      model.old.push(model.holder as Lease);
      model.holder = undefined;
    },
    toString: () => 'release',
  };
  const staleRelease: Command = {
    check: ({ old }) => old.length > 0,
    async run({ old }) {
      for (const lease of old) expect(await coordinator.releaseLock(lease)).toBe(false);
    },
    toString: () => 'stale release',
  };
  const expire: Command = {
    check: ({ holder, expired }) => holder !== undefined && !expired,
    async run(model, { key }) {
      await age(key, TTL_MS + 1);
      model.expired = true;
    },
    toString: () => 'expire',
  };
  const cleanUp: Command = {
    check: () => true,
    async run(model, { key }) {
      const freed = (await coordinator.cleanupExpiredLocks()).filter((one) => one.key === key);
      expect(freed.length).toBe(model.holder && model.expired ? 1 : 0);
      if (!model.expired || !model.holder) return;
      model.old.push(model.holder);
      model.holder = undefined;
    },
    toString: () => 'clean up',
  };
  const write: Command = {
    check: () => true,
    async run(model, { key }) {
      const storing = (lease: Lease): Promise<unknown> =>
        lease.transaction((tx) => tx.query('insert into written values ($1, $2)', [key, lease.token]));
      for (const lease of model.old) await expect(storing(lease)).rejects.toThrow(LeaseLostError);
      if (!model.holder) return;
      if (model.expired) await expect(storing(model.holder)).rejects.toThrow(LeaseLostError);
      else await storing(model.holder);
    },
    toString: () => 'write',
  };
  const ourClockJumps: Command = {
    check: () => true,
    async run() {
      const day = 24 * 3_600_000;
      clock.set(new Date(clock.now().getTime() + (Math.random() < 0.5 ? day : -day)));
    },
    toString: () => 'our clock jumps by a day',
  };

  it('agrees with the model: one holder, a token that only grows, no stale write, whatever our clock says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [acquire, release, staleRelease, expire, cleanUp, write, ourClockJumps].map((command) =>
            fc.constant(command),
          ),
          { maxCommands: 25 },
        ),
        async (commands) => {
          const real = { key: newDevice() };
          await fc.asyncModelRun(() => ({ model: { expired: false, token: 0, old: [] } as Model, real }), commands);
        },
      ),
      RUNS,
    );
  });
});
