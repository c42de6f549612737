import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditChain, AuditEntry } from '@app/audit';
import { BufferedUser } from '@app/buffer';
import { type Device } from '@app/devices';
import { inventPunches, inventUsers, ZkTerminal } from '@app/device-emulator';
import { RetrySchedule, SystemClock, systemActor } from '@app/kernel';
import { Punch } from '@app/punches';
import { STANDARD_COORDINATION, SyncCoordinator } from '@app/sync-coordinator';
import { AasRealtimeSync, MachineSyncService, SyncServicesModule } from '@app/sync-services';
import { Command, isReadOrSessionCommand } from '@app/zk-protocol';
import { aDevice, anAasFolder, emptyTables, openTestApp, type TestApp, until } from '@test/support';
import { ChaosProcess } from './child.js';
import { SIZES } from './sizes.js';

const SERVICES = ['machineSyncService', 'directMachineSync', 'aasRealtimeSync'];
const AAS_PUNCHES = 3_000;
const users = inventUsers({ count: 120 });
const punches = inventPunches(users, { days: 10, until: new Date('2025-12-31T00:00:00Z') });
let aas: Awaited<ReturnType<typeof anAasFolder>>;
let app: TestApp;
let terminal: ZkTerminal;
let device: Device;

beforeAll(async () => {
  aas = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
  app = await openTestApp([SyncServicesModule], {
    clock: new SystemClock(),
    coordination: { ttlMs: STANDARD_COORDINATION.ttlMs, retries: new RetrySchedule(3, 1_000) },
    env: { AAS_PATH: aas.path, AAS_DEVICES: '*=front' },
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await aas[Symbol.asyncDispose]();
});

beforeEach(async () => {
  terminal = await ZkTerminal.start({ users, punches, connections: 'single', transports: ['tcp'], paceMs: 1 });
  const tables = ['device_user_buffer', 'sync_runs', 'punches', 'punch_watermarks', 'aas_reads', 'devices'];
  await emptyTables(app.database.dataSource, ...tables, 'sync_locks');
  await emptyTables(app.database.dataSource, 'device_user_audit_log', 'audit_blocks', 'audit_chain_heads');
  const { host, port, serialNumber } = terminal;
  device = await aDevice(app.database.dataSource, { host, port, serialNumber, slug: 'front', timeZone: 'UTC' });
});
afterEach(async () => {
  await ChaosProcess.endAll();
  await terminal.stop();
});

/** All three services, each in a process of its own, ready to begin. */
async function threeServices(): Promise<Map<string, ChaosProcess>> {
  const { url } = app.database;
  const env = { AAS_PATH: aas.path, AAS_DEVICES: '*=front' };
  const started = SERVICES.map((service): [string, ChaosProcess] => [
    service,
    ChaosProcess.start('service-worker.mjs', { url, service, deviceId: device.id, env }),
  ]);
  await Promise.all(started.map(([, worker]) => worker.reaches('ready')));
  return new Map(started);
}

/** No client's commands between those of another, and each said goodbye: nobody was thrown out. */
function expectNoOverlapAtTheTerminal(interrupted = 0): void {
  const order = terminal.journal.entries.map(({ connection }) => connection);
  const visits = order.filter((connection, i) => connection !== order[i - 1]);
  expect(visits).toEqual([...new Set(order)]);
  const goodbyes = terminal.journal.entries.filter(({ command }) => command === Command.EXIT).length;
  expect(visits.length - goodbyes).toBeLessThanOrEqual(interrupted);
  expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
}

async function expectEverythingOnce(): Promise<void> {
  const { dataSource } = app.database;
  expect(await dataSource.getRepository(BufferedUser).count()).toBe(users.length);
  expect(await dataSource.getRepository(Punch).count({ where: { source: 'device' } })).toBe(punches.length);
  expect(await dataSource.getRepository(Punch).count({ where: { source: 'aas' } })).toBe(AAS_PUNCHES);
  expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
}

/** Five minutes pass by the database's clock for what a dead process held. */
async function letTimePassFor(pid: number | undefined): Promise<void> {
  const { dataSource } = app.database;
  const sessions = 'select from pg_stat_activity where application_name = $1';
  // The database may still be doing what it was asked last.
  await until(async () => (await dataSource.query<unknown[]>(sessions, [`holdfast-chaos ${pid}`])).length === 0);
  await dataSource.query(
    `update sync_locks set expires_at = clock_timestamp() - interval '1 s' where acquired_by like $1`,
    [`%:${pid}`],
  );
}

/** Every acquisition of the device's lease has one end; gives how many ended by expiry. */
async function expectCompleteLeaseTrail(): Promise<number> {
  const entries = await app.database.dataSource
    .getRepository(AuditEntry)
    .find({ where: { deviceId: device.id }, order: { id: 'ASC' } });
  const leases = entries.filter(({ operation }) => operation.startsWith('lease_'));
  for (const [i, { operation, details }] of leases.entries()) {
    if (i % 2 === 0) expect(operation).toBe('lease_acquired');
    else {
      expect(['lease_released', 'lease_expired']).toContain(operation);
      expect(details.fencing_token).toBe(leases[i - 1].details.fencing_token);
    }
  }
  return leases.filter(({ operation }) => operation === 'lease_expired').length;
}

describe('three services in processes of their own against one terminal that serves one client', () => {
  it(
    'Integration scenario 2: started at once, they take turns: no overlap, no lost run, a complete audit',
    async () => {
      const before = terminal.snapshot();
      const workers = await threeServices();
      for (const worker of workers.values()) worker.goOn();
      const results = await Promise.all([...workers.values()].map((worker) => worker.finished<{ outcome: string }>()));
      for (const worker of workers.values()) await worker[Symbol.asyncDispose]();
      expect(results.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded']);
      expectNoOverlapAtTheTerminal();
      await expectEverythingOnce();
      expect(await expectCompleteLeaseTrail()).toBe(0);
      expect(terminal.snapshot()).toBe(before);
      const { dataSource } = app.database;
      const runs = await dataSource.query<{ service: string; outcome: string }[]>(
        'select service, outcome from sync_runs order by service',
      );
      expect(runs).toEqual(SERVICES.toSorted().map((service) => ({ service, outcome: 'succeeded' })));
      const finished = await dataSource.getRepository(AuditEntry).find({ where: { operation: 'sync_run_finished' } });
      expect(finished.map(({ serviceName }) => serviceName).toSorted()).toEqual(SERVICES.toSorted());
    },
    SIZES.testMs,
  );

  it(
    'one of them killed at any moment: the lease is taken over after its time, nothing is lost or doubled',
    async () => {
      const moments = ['started', 'waiting', 'connecting', 'reading', 'reading_punches', 'storing'];
      for (let round = 0; round < SIZES.serviceRounds; round += 1) {
        const victim = SERVICES[round % SERVICES.length];
        const moment = victim === 'aasRealtimeSync' ? 'started' : moments[Math.floor(Math.random() * moments.length)];
        const workers = await threeServices();
        for (const worker of workers.values()) worker.goOn();
        await workers
          .get(victim)
          ?.reaches(moment)
          .catch(() => undefined); // it may be done already
        await workers.get(victim)?.kill();
        await letTimePassFor(workers.get(victim)?.pid);
        const others = [...workers].filter(([service]) => service !== victim);
        for (const [service, worker] of others) {
          const { outcome, message } = await worker.finished<{ outcome: string; message?: string }>();
          expect({ victim, moment, service, outcome, message }).toMatchObject({ outcome: 'succeeded' });
        }
        for (const worker of workers.values()) await worker[Symbol.asyncDispose]();
        await app.get(SyncCoordinator).cleanupExpiredLocks();
        await app.get(MachineSyncService).syncDevice(device, systemActor);
        await app.get(AasRealtimeSync).syncChanged({ actor: systemActor });
        await expectEverythingOnce();
        expect(await expectCompleteLeaseTrail()).toBeLessThanOrEqual(round + 1);
        expectNoOverlapAtTheTerminal(round + 1);
      }
    },
    SIZES.testMs,
  );
});
