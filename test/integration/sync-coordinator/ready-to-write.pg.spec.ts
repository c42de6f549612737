import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Lease, LeaseLostError, SyncCoordinator, SyncCoordinatorModule } from '@app/sync-coordinator';
import { ManualClock, openTestApp, type TestApp } from '@test/support';

const clock = new ManualClock();
let app: TestApp;
let keys = 0;

beforeAll(async () => {
  app = await openTestApp([SyncCoordinatorModule], { clock });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

async function withLease(work: (lease: Lease) => Promise<void>): Promise<void> {
  keys += 1;
  await app.get(SyncCoordinator).withLease(`ready:${keys}`, { service: 'test' }, work);
}

async function set(lease: Lease, change: string): Promise<void> {
  await app.database.dataSource.query(`update sync_locks set ${change} where lock_key = $1`, [lease.key]);
}

it('a term in force may write at once, for as long as was asked', async () => {
  await withLease(async (lease) => {
    clock.sleeps.length = 0;
    expect(await lease.readyToWrite(clock, 10_000)).toBe(clock.monotonicMs() + 10_000);
    expect(clock.sleeps).toEqual([]);
  });
});

it('a term waits while the holder before may be sending, and asks again', async () => {
  await withLease(async (lease) => {
    clock.sleeps.length = 0;
    await set(lease, `writes_not_before = clock_timestamp() + interval '9 s'`);
    clock.onSleep = () =>
      set(
        lease,
        `writes_not_before = clock_timestamp() + ${clock.sleeps.length < 2 ? `interval '1 s'` : `interval '0 s'`}`,
      );
    await lease.readyToWrite(clock, 10_000);
    clock.onSleep = undefined;
    expect(clock.sleeps).toHaveLength(2);
    expect(clock.sleeps[0]).toBeLessThanOrEqual(9_000);
    expect(clock.sleeps[0]).toBeGreaterThan(5_000);
  });
});

it.each([
  ['that is over', `expires_at = clock_timestamp() - interval '1 ms'`],
  ['that ends before the write could', `expires_at = clock_timestamp() + interval '9 s'`],
  ['that was taken over', 'token = token + 1'],
  ['whose holder is another', 'holder_nonce = gen_random_uuid()'],
])('a term %s may not write', async (_which, change) => {
  await withLease(async (lease) => {
    await set(lease, change);
    await expect(lease.readyToWrite(clock, 10_000)).rejects.toThrow(LeaseLostError);
  });
});

it('a term that ends during the wait may not write', async () => {
  await withLease(async (lease) => {
    await set(lease, `writes_not_before = clock_timestamp() + interval '9 s'`);
    clock.onSleep = () => set(lease, `expires_at = clock_timestamp() - interval '1 ms', writes_not_before = null`);
    await expect(lease.readyToWrite(clock, 10_000)).rejects.toThrow(LeaseLostError);
    clock.onSleep = undefined;
  });
});
