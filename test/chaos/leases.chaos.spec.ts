import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditChain, AuditModule } from '@app/audit';
import { RetrySchedule, SystemClock } from '@app/kernel';
import { SyncCoordinator, SyncCoordinatorModule } from '@app/sync-coordinator';
import { openTestApp, type TestApp, until } from '@test/support';
import { ChaosProcess } from './child.js';
import { SIZES } from './sizes.js';

/** Every place where a holder can be frozen; see lease-worker.mjs. */
const POINTS = ['acquired', 'fenced', 'written', 'committed', 'before release'];
const SHORT_TTL_MS = 1_200;
let app: TestApp;
let keys = 0;

beforeAll(async () => {
  app = await openTestApp([SyncCoordinatorModule, AuditModule], {
    clock: new SystemClock(),
    coordination: { ttlMs: 60_000, retries: new RetrySchedule(0, 1) },
  });
  const { dataSource } = app.database;
  await dataSource.query('create table chaos_inside (key text primary key)');
  await dataSource.query(
    'create table chaos_writes (key text not null, token bigint not null, in_force bigint not null)',
  );
  await dataSource.query(
    'create trigger chaos_writes_fence before insert on chaos_writes for each statement execute function require_lease()',
  );
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

afterEach(() => ChaosProcess.endAll());

function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => `device:${(keys += 1)}`);
}

function start(task: object): ChaosProcess {
  return ChaosProcess.start('lease-worker.mjs', { url: app.database.url, ttlMs: 60_000, ...task });
}

/** Whoever comes next: takes the lease as soon as the database gives it. */
async function takeOver(key: string): Promise<Awaited<ReturnType<SyncCoordinator['acquireLock']>>> {
  for (;;) {
    try {
      return await app.get(SyncCoordinator).acquireLock(key, { service: 'successor' });
    } catch (error) {
      if ((error as { code?: string }).code !== 'coordination/lease-busy') throw error;
    }
  }
}

interface Told {
  readonly operation_type: string;
  readonly token: string;
  readonly at: Date;
  readonly expires_at: Date;
}

/** The history of a lock, as the audit log has it. */
function historyOf(key: string): Promise<Told[]> {
  return app.database.dataSource.query<Told[]>(
    `select operation_type, details->>'fencing_token' as token, "timestamp" as at, (details->>'expires_at')::timestamptz as expires_at
       from device_user_audit_log where device_id = $1 and operation_type like 'lease_%' order by id`,
    [key.slice('device:'.length)],
  );
}

/** Terms follow each other: begun, then ended once, with tokens that grow; none ends by expiry before its time. */
async function expectOrder(key: string): Promise<void> {
  const history = await historyOf(key);
  for (const [i, { operation_type: operation, token, at, expires_at: expiresAt }] of history.entries()) {
    if (i % 2 === 0) {
      expect(operation).toBe('lease_acquired');
      if (i > 0) expect(Number(token)).toBe(Number(history[i - 1].token) + 1);
    } else {
      expect(['lease_released', 'lease_expired']).toContain(operation);
      expect(token).toBe(history[i - 1].token);
      if (operation === 'lease_expired') expect(at.getTime()).toBeGreaterThanOrEqual(expiresAt.getTime());
    }
  }
}

async function staleWrites(of: readonly string[]): Promise<number> {
  const [{ count }] = await app.database.dataSource.query<{ count: string }[]>(
    'select count(*) from chaos_writes where key = any($1) and token <> in_force',
    [of],
  );
  return Number(count);
}

/** Freezes a holder at a point for longer than its term, lets somebody else in, and thaws it. */
async function freezeAt(
  point: string,
  task: { readonly fenced?: boolean } = {},
): Promise<{ key: string; outcomes: [string, string][] }> {
  const [key] = newKeys(1);
  await using worker = start({ mode: 'step', keys: [key], ttlMs: SHORT_TTL_MS, pauseAt: point, ...task });
  await worker.reaches(point);
  worker.pause();
  const successor = await takeOver(key);
  await successor.transaction((tx) =>
    tx.query(
      'insert into chaos_writes (key, token, in_force) select $1, $2, token from sync_locks where lock_key = $1',
      [key, successor.token],
    ),
  );
  worker.resume();
  worker.goOn();
  const { outcomes } = await worker.finished<{ outcomes: [string, string][] }>();
  expect(await app.get(SyncCoordinator).checkLockStatus(key)).toMatchObject({ held: true, token: successor.token });
  expect(await app.get(SyncCoordinator).releaseLock(successor)).toBe(true);
  return { key, outcomes };
}

describe('leases among real processes', () => {
  it(
    'have one holder at a time, and everybody has a turn',
    async () => {
      const contended = newKeys(8);
      const { processes, contenders, rounds } = SIZES;
      const workers = Array.from({ length: processes }, () =>
        start({ mode: 'contend', keys: contended, contenders, rounds }),
      );
      try {
        const results = await Promise.all(workers.map((worker) => worker.finished<{ overlaps: number }>()));
        expect(results).toEqual(results.map(() => ({ overlaps: 0 })));
        const terms = await Promise.all(contended.map(historyOf));
        expect(terms.flat().length).toBe(2 * processes * contenders * rounds);
        for (const key of contended) await expectOrder(key);
        expect(await staleWrites(contended)).toBe(0);
      } finally {
        for (const worker of workers) await worker[Symbol.asyncDispose]();
      }
    },
    SIZES.testMs,
  );

  it(
    'are taken over after a holder was killed: never before the term has ended, with one warning that names it',
    async () => {
      const perProcess = 8;
      const warned = warningsOfTheCoordinator();
      let slowestMs = 0;
      for (let killed = 0; killed < SIZES.kills; killed += perProcess) {
        const doomed = newKeys(perProcess);
        await using worker = start({ mode: 'hold', keys: doomed, ttlMs: SHORT_TTL_MS });
        await worker.reaches('holding');
        await worker.kill();
        warned.length = 0;
        // One half is taken by successors at once, the other is found by clean-up.
        const cleaned = doomed.slice(perProcess / 2);
        const successors = await Promise.all(doomed.slice(0, perProcess / 2).map(takeOver));
        for (const lease of successors) await app.get(SyncCoordinator).releaseLock(lease);
        await until(async () => {
          await app.get(SyncCoordinator).cleanupExpiredLocks();
          const held = await Promise.all(cleaned.map((key) => app.get(SyncCoordinator).checkLockStatus(key)));
          const expired = await Promise.all(cleaned.map(historyOf));
          return held.every((lock) => !lock.held) && expired.every((told) => told.length === 2);
        });
        expect(warned.map(({ key }) => key).toSorted()).toEqual(doomed.toSorted());
        for (const { holder } of warned) expect(holder).toMatch(/^doomed@.*:\d+$/);
        for (const key of doomed) {
          await expectOrder(key);
          const [, ended] = await historyOf(key);
          expect(ended.operation_type).toBe('lease_expired');
          slowestMs = Math.max(slowestMs, ended.at.getTime() - ended.expires_at.getTime());
        }
      }
      // How soon is a matter of this machine, so that only the long run, on a quiet one, says how soon it must be.
      if (SIZES.full) expect(slowestMs).toBeLessThanOrEqual(1_000);
    },
    SIZES.testMs,
  );

  it(
    'leave nothing behind when their holders are killed at any moment of their work',
    async () => {
      for (let round = 0; round < SIZES.loops; round += 1) {
        const worked = newKeys(4);
        const workers = Array.from({ length: 3 }, () => start({ mode: 'loop', keys: worked, ttlMs: SHORT_TTL_MS }));
        const written = async (): Promise<number> => {
          const [{ count }] = await app.database.dataSource.query<{ count: string }[]>(
            'select count(*) from chaos_writes where key = any($1)',
            [worked],
          );
          return Number(count);
        };
        for (const worker of workers) {
          const before = await written();
          await until(async () => (await written()) > before + 20);
          await worker.kill();
        }
        for (const key of worked) await app.get(SyncCoordinator).releaseLock(await takeOver(key));
        for (const key of worked) await expectOrder(key);
        expect(await staleWrites(worked)).toBe(0);
      }
      expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true, defects: [] });
    },
    SIZES.testMs,
  );

  it.each(POINTS)(
    'refuse every write and the release of a holder that was frozen at “%s” for longer than its term',
    async (point) => {
      for (let round = 0; round < (SIZES.full ? 20 : 1); round += 1) {
        const { key, outcomes } = await freezeAt(point);
        const afterwards = outcomes.slice(point === 'committed' || point === 'before release' ? 1 : 0);
        const thawed = point === 'before release' ? afterwards.slice(1) : afterwards;
        expect(thawed.map(([, outcome]) => outcome)).not.toContain('done');
        expect(thawed.length).toBeGreaterThan(0);
        expect(await staleWrites([key])).toBe(0);
        await expectOrder(key);
      }
    },
    SIZES.testMs,
  );
});

describe('the suite itself', () => {
  it(
    'goes red when the fence is removed',
    async () => {
      const { dataSource } = app.database;
      await dataSource.query('alter table chaos_writes disable trigger chaos_writes_fence');
      try {
        const frozen = [await freezeAt('acquired', { fenced: false }), await freezeAt('committed', { fenced: false })];
        expect(await staleWrites(frozen.map(({ key }) => key))).toBeGreaterThan(0);
      } finally {
        await dataSource.query('alter table chaos_writes enable trigger chaos_writes_fence');
      }
    },
    SIZES.testMs,
  );

  it(
    'stays green without the fence in the code as long as the trigger is there',
    async () => {
      const { key, outcomes } = await freezeAt('committed', { fenced: false });
      expect(outcomes.find(([what]) => what === 'second write')).toEqual(['second write', 'HF001']);
      expect(await staleWrites([key])).toBe(0);
    },
    SIZES.testMs,
  );
});

/** What an operator would read. */
function warningsOfTheCoordinator(): { key: string; holder: string }[] {
  const told: { key: string; holder: string }[] = [];
  const { logger } = app.get(SyncCoordinator) as unknown as { logger: { warn(entry: object): void } };
  logger.warn = (entry) => told.push(entry as { key: string; holder: string });
  return told;
}
