import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeviceUserAuditService } from '@app/audit';
import { BufferedUser, DeviceUserBufferService } from '@app/buffer';
import { type Device } from '@app/devices';
import { type EmulatedUser, ZkTerminal } from '@app/device-emulator';
import { canonicalDeviceUserId, systemActor } from '@app/kernel';
import {
  DirectMachineSync,
  MachineSyncService,
  PopulateBuffer,
  SyncFailedError,
  SyncRunRow,
  SyncServicesModule,
} from '@app/sync-services';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { RetrySchedule } from '@app/kernel';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import {
  aMapping,
  aUser,
  deviceContent,
  deviceOf,
  emptyTables,
  ManualClock,
  openTestApp,
  QUICK_TIMEOUTS,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';

const RUNS = { numRuns: 100 };
const clock = new ManualClock();
const coordination = { ttlMs: 60_000, retries: new RetrySchedule(0, 1) };
let app: TestApp;
let terminal: ZkTerminal;
let device: Device;

beforeAll(async () => {
  const timeouts = { ...QUICK_TIMEOUTS, idleMs: 250 };
  app = await openTestApp([SyncServicesModule], { clock, timeouts, coordination });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

/** A terminal of its own and an empty database for each case, since a property speaks about first meetings too. */
async function fresh(users: readonly EmulatedUser[] = []): Promise<AsyncDisposable> {
  const started = await ZkTerminal.start({ users, transports: ['tcp'], serialNumber: `SN${Math.random()}` });
  terminal = started;
  const { dataSource } = app.database;
  // Devices keep their numbering: the audit log remembers, and must, whom it met on an earlier one.
  await emptyTables(dataSource, 'device_user_buffer', 'user_machine_mapping', 'people', 'sync_runs');
  await dataSource.query('truncate devices');
  device = await deviceOf(dataSource, started);
  return started;
}

function sync(service: 'machine' | 'direct' = 'machine'): Promise<unknown> {
  if (service === 'direct') return app.get(DirectMachineSync).syncNow(device, { actor: systemActor });
  return app.get(MachineSyncService).syncDevice(device, systemActor);
}

function bufferRows(): Promise<BufferedUser[]> {
  return app.database.dataSource
    .getRepository(BufferedUser)
    .find({ where: { deviceId: device.id }, order: { deviceUserId: 'ASC' } });
}

describe('a sync run', () => {
  it('Property 9: Database deletion isolation: deleting people and mappings changes nobody on the device', async () => {
    await fc.assert(
      fc.asyncProperty(
        deviceContent(12),
        fc.infiniteStream(fc.constantFrom('keep', 'delete person', 'delete both')),
        fc.integer({ min: 1, max: 2 }),
        async (users, fates, runs) => {
          await using _ = await fresh(users);
          const { dataSource } = app.database;
          const before = terminal.snapshot();
          const people = await Promise.all(
            users.map(({ userId }) => aMapping(dataSource, device.id, canonicalDeviceUserId(userId))),
          );
          await sync();
          for (const { id } of people) {
            const fate = fates.next().value as string;
            if (fate !== 'keep') await dataSource.query('delete from people where id = $1', [id]);
            if (fate === 'delete both')
              await dataSource.query('delete from user_machine_mapping where person_id = $1', [id]);
          }
          for (let run = 0; run < runs; run += 1) await sync(run % 2 === 0 ? 'direct' : 'machine');
          expect(terminal.snapshot()).toBe(before);
          expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
          const unmapped = await dataSource.query<unknown[]>(
            `select 1 from device_user_buffer b where device_id = $1 and not exists
               (select 1 from user_machine_mapping m where m.device_id = $1 and m.device_user_id = b.device_user_id)`,
            [device.id],
          );
          expect((await bufferRows()).length).toBe(unmapped.length);
        },
      ),
      RUNS,
    );
  });
});

describe('a run that fails', () => {
  beforeEach(async () => {
    await terminal?.stop();
    await fresh([aUser(1), aUser(2)]);
  });
  afterAll(() => terminal.stop());

  it('leaves the buffer as it was, a row that says why, and no lease behind', async () => {
    await sync();
    const before = await bufferRows();
    terminal.setUsers([aUser(3)]);
    terminal.faults = { lies: { userCounterLater: 1 } };
    const failure = await sync().catch((error: unknown) => error as SyncFailedError);
    expect(failure).toMatchObject({
      code: 'device/incomplete-read',
      details: { syncRunId: '2', reason: 'counter-changed' },
    });
    expect(await bufferRows()).toEqual(before);
    const row = await app.database.dataSource.getRepository(SyncRunRow).findOneByOrFail({ id: '2' });
    expect(row).toMatchObject({ outcome: 'incomplete', errorCode: 'device/incomplete-read', usersRead: null });
    expect(row.errorMessage).toMatch(/somebody is enrolling or deleting/);
    expect(await app.get(SyncCoordinator).checkLockStatus(deviceLockKey(device.id))).toMatchObject({ held: false });
  });

  it('says who holds the terminal, and does not touch it', async () => {
    const coordinator = app.get(SyncCoordinator);
    const lease = await coordinator.acquireLock(deviceLockKey(device.id), { service: 'backup' });
    await expect(sync()).rejects.toMatchObject({ code: 'coordination/lease-busy', message: /backup@/ });
    expect(terminal.journal.entries).toEqual([]);
    await coordinator.releaseLock(lease);
    const [row] = await app.database.dataSource.getRepository(SyncRunRow).find();
    expect(row).toMatchObject({ outcome: 'busy', leaseToken: null });
  });

  it('is marked as abandoned by the next one when its process died', async () => {
    const runs = app.database.dataSource.getRepository(SyncRunRow);
    const dead = {
      service: 'machineSyncService',
      requestedBy: 'system',
      startedAt: new Date(),
      outcome: 'running' as const,
    };
    const { id } = await runs.save({ ...dead, deviceId: device.id, leaseToken: '0' });
    await sync();
    expect(await runs.findOneByOrFail({ id })).toMatchObject({ outcome: 'abandoned' });
  });
});

describe('populating the buffer', () => {
  beforeEach(async () => {
    await terminal?.stop();
    await fresh([aUser(1), aUser(2), aUser(3, { userId: ' ' })]);
    await aMapping(app.database.dataSource, device.id, '9001');
  });
  afterAll(() => terminal.stop());

  async function populate(dryRun: boolean): Promise<unknown> {
    const done = [];
    for await (const { totals, error } of app.get(PopulateBuffer).run({ devices: [], dryRun, actor: systemActor }))
      done.push(error ?? totals);
    return done[0];
  }

  it('writes nothing in a dry run, and the real run does what it said', async () => {
    const counted = { counted: 3, read: 2, mapped: 1, unmapped: 1, newlyBuffered: 1, alreadyBuffered: 0, invalid: 1 };
    expect(await populate(true)).toEqual(counted);
    expect(await bufferRows()).toEqual([]);
    expect(await populate(false)).toEqual(counted);
    expect(await populate(false)).toEqual({ ...counted, newlyBuffered: 0, alreadyBuffered: 1 });
    expect(await bufferRows()).toHaveLength(1);
  });

  it('tells a device that cannot be proven, and that is an error', async () => {
    terminal.faults = { lies: { emptyList: true } };
    expect(await populate(false)).toMatchObject({ code: 'device/incomplete-read' });
  });
});

it('never stores a PIN, in the buffer or in the log', async () => {
  await using _ = await fresh([aUser(1, { password: '73915517' })]);
  await sync();
  const tables = ['device_user_buffer', 'device_user_audit_log', 'sync_runs'];
  for (const table of tables) {
    const rows: unknown = await app.database.dataSource.query(`select * from ${table}`);
    expect(JSON.stringify(rows)).not.toContain('73915517');
  }
  expect(await app.get(DeviceUserBufferService).getStatistics(device.id)).toEqual({
    unmapped: 1,
    mapped: 0,
    conflict: 0,
  });
  const { items } = await app.get(DeviceUserAuditService).getUserLogs(device.id, '9001');
  const [newest] = items;
  expect(newest).toMatchObject({ operation: 'user_buffered', details: { has_pin: true } });
});
