/**
 * A process that takes leases, for the chaos suite to kill and to pause. It runs the built program. What it is to do
 * comes as JSON in its first argument; it tells over IPC where it is, and waits there if the suite wants to.
 */
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../dist/libs/database/src/index.js';
import { RetrySchedule, SystemClock } from '../../dist/libs/kernel/src/index.js';
import { Lease, LeaseBusyError, SyncCoordinator, SyncLock } from '../../dist/libs/sync-coordinator/src/index.js';
import { SyncLockRepository } from '../../dist/libs/sync-coordinator/src/sync-lock.repository.js';

const { url, mode, keys, ttlMs, fenced = true, ...wanted } = JSON.parse(process.argv[2]);
/** A paused process with an open transaction must not keep the suite waiting for 15 seconds. */
const IDLE_IN_TRANSACTION_MS = 1_000;

const options = dataSourceOptions(url, { applicationName: 'holdfast-chaos', poolSize: 12 });
const extra = { ...options.extra, idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS };
const dataSource = await new DataSource({ ...options, extra, entities: [SyncLock] }).initialize();
const coordinator = new SyncCoordinator(dataSource, new SyncLockRepository(dataSource), new SystemClock(), {
  ttlMs,
  retries: new RetrySchedule(3, 20),
});
// What the suite must notice: the same program without its fence.
if (!fenced) Lease.prototype.fence = async () => undefined;
process.on('disconnect', () => process.exit(0));

const modes = { contend, hold, loop, step };
try {
  process.send({ done: await modes[mode]() });
} catch (error) {
  process.send({ failed: String(error?.stack ?? error) });
}

/** Many contenders, each of whom must have its turns; inside of a turn nobody else may be. */
async function contend() {
  const { contenders, rounds } = wanted;
  let overlaps = 0;
  const contender = async (number) => {
    for (let round = 0; round < rounds; round += 1) {
      const key = keys[(number + round) % keys.length];
      await eventually(key, async (lease) => {
        const [entered] = await dataSource.query(
          'insert into chaos_inside values ($1) on conflict do nothing returning key',
          [key],
        );
        if (!entered) overlaps += 1;
        await write(lease);
        await dataSource.query('delete from chaos_inside where key = $1', [key]);
      });
    }
  };
  await Promise.all(Array.from({ length: contenders }, (_, number) => contender(number)));
  return { overlaps };
}

/** Takes every key and keeps it until it is killed. */
async function hold() {
  for (const key of keys) await coordinator.acquireLock(key, { service: 'doomed' });
  process.send({ at: 'holding' });
  return new Promise(() => undefined);
}

/** Works on and on, to be killed at any moment. */
async function loop() {
  process.send({ at: 'looping' });
  for (let round = 0; ; round += 1) await eventually(keys[round % keys.length], write);
}

/** One term, step by step; after a pause that was longer than the term, every write must be refused. */
async function step() {
  const outcomes = [];
  const attempt = async (what, work) => {
    try {
      await work();
      outcomes.push([what, 'done']);
    } catch (error) {
      outcomes.push([what, error?.code ?? error?.driverError?.code ?? 'failed']);
    }
  };
  const lease = await coordinator.acquireLock(keys[0], { service: 'slow' });
  await point('acquired');
  await attempt('first write', () =>
    lease.transaction(async (tx) => {
      await point('fenced');
      await insert(tx, lease);
      await point('written');
    }),
  );
  await point('committed');
  await attempt('second write', () => write(lease));
  await point('before release');
  await attempt('release', async () => {
    if (!(await coordinator.releaseLock(lease))) throw Object.assign(new Error('not ours'), { code: 'not-held' });
  });
  return { outcomes, aborted: lease.signal.aborted };
}

async function eventually(key, work) {
  for (;;) {
    try {
      return await coordinator.withLease(key, { service: 'contender' }, work);
    } catch (error) {
      if (!(error instanceof LeaseBusyError)) throw error;
    }
  }
}

async function write(lease) {
  await lease.transaction((tx) => insert(tx, lease));
}

/** Stores the token of the writer and the one in force: they must be the same. */
async function insert(tx, { key, token }) {
  await tx.query(
    `insert into chaos_writes (key, token, in_force) select $1, $2, token from sync_locks where lock_key = $1`,
    [key, token],
  );
}

async function point(name) {
  process.send({ at: name });
  if (name !== wanted.pauseAt) return;
  await new Promise((resolve) => process.once('message', resolve));
}
