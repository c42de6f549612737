import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RetrySchedule } from '@app/kernel';
import { LeaseBusyError, LeaseLostError, SyncCoordinator, SyncCoordinatorModule } from '@app/sync-coordinator';
import { ManualClock, openTestApp, type TestApp } from '@test/support';

const clock = new ManualClock();
const TTL_MS = 60_000;
let app: TestApp;
let coordinator: SyncCoordinator;
let keys = 0;

beforeAll(async () => {
  app = await openTestApp([SyncCoordinatorModule], {
    clock,
    coordination: { ttlMs: TTL_MS, retries: new RetrySchedule(3, 2_000) },
  });
  coordinator = app.get(SyncCoordinator);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

const noWork = async (): Promise<void> => undefined;

function newKey(): string {
  keys += 1;
  return `device:${keys}`;
}

/** Moves the end of a term into the past, by the database's own clock. */
async function expire(key: string): Promise<void> {
  await app.database.dataSource.query(
    `update sync_locks set expires_at = clock_timestamp() - interval '1 ms' where lock_key = $1`,
    [key],
  );
}

describe('a lease', () => {
  it('is held by one of many rivals at a time, and its token only grows', async () => {
    const key = newKey();
    let inside = 0;
    let worst = 0;
    const tokens: number[] = [];
    const rival = async (): Promise<void> => {
      for (let round = 0; round < 10;) {
        try {
          await coordinator.withLease(key, { service: 'rival' }, async ({ token }) => {
            inside += 1;
            worst = Math.max(worst, inside);
            tokens.push(Number(token));
            await app.database.dataSource.query('select 1');
            inside -= 1;
          });
          round += 1;
        } catch (error) {
          if (!(error instanceof LeaseBusyError)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, rival));
    expect(worst).toBe(1);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(60);
  });

  it('is asked for once and three times more, at growing intervals, and the error names the holder', async () => {
    const key = newKey();
    const held = await coordinator.acquireLock(key, { service: 'backup' });
    clock.sleeps.length = 0;
    await expect(coordinator.acquireLock(key, { service: 'monitoring' })).rejects.toThrow(
      /held by backup@.*:\d+, until/,
    );
    expect(clock.sleeps).toHaveLength(3);
    for (const [i, base] of [2_000, 4_000, 8_000].entries()) {
      expect(clock.sleeps[i]).toBeGreaterThanOrEqual(base * 0.75);
      expect(clock.sleeps[i]).toBeLessThanOrEqual(base * 1.25);
    }
    expect(await coordinator.releaseLock(held)).toBe(true);
  });

  it('is given back when the work throws', async () => {
    const key = newKey();
    const work = coordinator.withLease(key, { service: 'x' }, () => Promise.reject(new Error('broken')));
    await expect(work).rejects.toThrow('broken');
    expect(await coordinator.checkLockStatus(key)).toEqual({
      held: false,
      acquiredBy: null,
      acquiredAt: null,
      expiresAt: null,
      token: '1',
    });
  });

  it('that ran out can be taken over; the old holder can neither write nor release', async () => {
    const key = newKey();
    const old = await coordinator.acquireLock(key, { service: 'slow' });
    await old.transaction(noWork);
    await expire(key);
    await expect(old.transaction(noWork)).rejects.toThrow(LeaseLostError);
    const next = await coordinator.acquireLock(key, { service: 'next' });
    expect(Number(next.token)).toBe(Number(old.token) + 1);
    await expect(old.transaction(noWork)).rejects.toThrow(LeaseLostError);
    expect(await coordinator.releaseLock(old)).toBe(false);
    await next.transaction(noWork);
    expect(await coordinator.releaseLock(next)).toBe(true);
  });

  it('that ran out is freed by clean-up with its holder named, one that did not is left alone', async () => {
    const [dead, alive] = [newKey(), newKey()];
    await coordinator.acquireLock(dead, { service: 'dead' });
    const kept = await coordinator.acquireLock(alive, { service: 'alive' });
    await expire(dead);
    expect(await coordinator.cleanupExpiredLocks()).toEqual([
      { key: dead, acquiredBy: expect.stringMatching(/^dead@/) as unknown, token: '1' },
    ]);
    expect(await coordinator.checkLockStatus(alive)).toMatchObject({ held: true });
    await coordinator.releaseLock(kept);
  });

  it('holds off a takeover until a fenced transaction has ended', async () => {
    const key = newKey();
    const old = await coordinator.acquireLock(key, { service: 'slow' });
    const order: string[] = [];
    let takeover: Promise<unknown> = Promise.resolve();
    await old.transaction(async (tx) => {
      const release = coordinator.releaseLock(old).then(() => order.push('released'));
      takeover = release;
      await tx.query('select pg_sleep(0.2)');
      order.push('written');
    });
    await takeover;
    expect(order).toEqual(['written', 'released']);
  });
});
