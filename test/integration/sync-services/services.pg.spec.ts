import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { type Device, DevicesService } from '@app/devices';
import { inventPunches, inventUsers, ZkTerminal, type ZkTerminalOptions } from '@app/device-emulator';
import { administrator, RetrySchedule, systemActor } from '@app/kernel';
import { Punch } from '@app/punches';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import {
  DirectMachineSync,
  MachineSyncService,
  REALTIME_OPTIONS,
  RealtimeWatch,
  type RunProgress,
  SyncRunRow,
  SyncServicesModule,
} from '@app/sync-services';
import { Command, isReadOrSessionCommand } from '@app/zk-protocol';
import {
  aUser,
  deviceOf,
  emptyTables,
  openTestApp,
  QUICK_TIMEOUTS,
  TEST_TOKEN,
  type TestApp,
  until,
} from '@test/support';
import { Logger } from '@nestjs/common';
import request from 'supertest';

const coordination = { ttlMs: 60_000, retries: new RetrySchedule(3, 50) };
const timeouts = { ...QUICK_TIMEOUTS, keepAliveMs: 100, idleMs: 2_000 };
const realtime = { settleMs: 1, gapMs: 1, reopenMs: 20 };
const users = inventUsers({ count: 30 });
const punches = inventPunches(users, { days: 3, until: new Date('2026-01-31T00:00:00Z') });
let app: TestApp;
let other: TestApp;
const terminals: ZkTerminal[] = [];

beforeAll(async () => {
  const options = { timeouts, coordination, provide: [[REALTIME_OPTIONS, realtime]] as const };
  app = await openTestApp([SyncServicesModule], options);
  other = await openTestApp([SyncServicesModule], { ...options, database: app.database });
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});
beforeEach(() =>
  emptyTables(app.database.dataSource, 'device_user_buffer', 'sync_runs', 'punches', 'punch_watermarks', 'devices'),
);
afterEach(async () => {
  for (const terminal of terminals.splice(0)) {
    expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
    await terminal.stop();
  }
});

async function aTerminal(options: ZkTerminalOptions = {}): Promise<{ terminal: ZkTerminal; device: Device }> {
  const terminal = await ZkTerminal.start({
    users,
    punches,
    transports: ['tcp'],
    serialNumber: `SN${Math.random()}`,
    ...options,
  });
  terminals.push(terminal);
  return { terminal, device: await deviceOf(app.database.dataSource, terminal) };
}

function runs(): Promise<SyncRunRow[]> {
  return app.database.dataSource.getRepository(SyncRunRow).find({ order: { id: 'ASC' } });
}

function connections(terminal: ZkTerminal): number {
  return terminal.journal.entries.filter(({ command }) => command === Command.CONNECT).length;
}

describe('a run', () => {
  it('Integration scenario 1: lock, complete read, buffering, punch import, release, audit trail', async () => {
    const { terminal, device } = await aTerminal();
    const before = terminal.snapshot();
    const run = await app.get(DirectMachineSync).syncNow(device, { actor: administrator('head') });
    expect(run.totals).toMatchObject({ read: 30, unmapped: 30, newlyBuffered: 30 });
    expect(run.punches).toEqual({ read: punches.length, imported: punches.length, alreadyKnown: 0 });
    const { dataSource } = app.database;
    expect(await dataSource.getRepository(Punch).count({ where: { deviceId: device.id } })).toBe(punches.length);
    const entries = await dataSource
      .getRepository(AuditEntry)
      .find({ where: { deviceId: device.id }, order: { id: 'ASC' } });
    const told = entries.map(({ operation }) => operation);
    expect(told[0]).toBe('lease_acquired');
    expect(told.slice(-2)).toEqual(['sync_run_finished', 'lease_released']);
    expect(told.filter((operation) => operation === 'user_buffered')).toHaveLength(30);
    expect(entries.find(({ operation }) => operation === 'sync_run_finished')).toMatchObject({
      performedBy: 'head',
      serviceName: 'directMachineSync',
      details: { discovered: 30, mapped: 0, unmapped: 30, punches_imported: punches.length },
    });
    expect(await app.get(SyncCoordinator).checkLockStatus(deviceLockKey(device.id))).toMatchObject({ held: false });
    expect(terminal.snapshot()).toBe(before);
    const again = await app.get(MachineSyncService).syncDevice(device, systemActor);
    expect(again.punches).toMatchObject({ imported: 0, alreadyKnown: punches.length });
  });

  it('stores the users when the punch log cannot be proven, and says why the punches are missing', async () => {
    const { terminal, device } = await aTerminal();
    terminal.faults = { lies: { punchCounter: 2 } };
    const run = await app.get(DirectMachineSync).syncNow(device, { actor: systemActor });
    expect(run.totals.newlyBuffered).toBe(30);
    expect(run.punches).toBeUndefined();
    expect((await runs())[0]).toMatchObject({
      outcome: 'succeeded',
      usersRead: 30,
      punchesRead: null,
      punchErrorCode: 'device/incomplete-read',
    });
    terminal.faults = {};
    expect((await app.get(DirectMachineSync).syncNow(device, { actor: systemActor })).punches?.imported).toBe(
      punches.length,
    );
  });

  it('measures how far the terminal’s clock is off, warns once, and corrects nothing', async () => {
    const warned: unknown[] = [];
    const quiet = (): void => undefined;
    Logger.overrideLogger({ log: quiet, error: quiet, warn: (line: { msg?: string }) => void warned.push(line.msg) });
    const ahead = new Date(Date.now() + 3_600_000);
    const clock = (): ReturnType<NonNullable<ZkTerminalOptions['clock']>> => ({
      year: ahead.getUTCFullYear(),
      month: ahead.getUTCMonth() + 1,
      day: ahead.getUTCDate(),
      hour: ahead.getUTCHours(),
      minute: ahead.getUTCMinutes(),
      second: ahead.getUTCSeconds(),
    });
    const { device } = await aTerminal({ clock });
    await app.get(DevicesService).change(device.id, { timeZone: 'UTC' }, systemActor);
    const changed = await app.get(DevicesService).get(device.id);
    const { clockDriftSeconds } = await app.get(DirectMachineSync).syncNow(changed, { actor: systemActor });
    expect(clockDriftSeconds).toBeGreaterThan(3_500);
    expect(clockDriftSeconds).toBeLessThanOrEqual(3_600);
    expect((await app.get(DevicesService).get(device.id)).clockDriftSeconds).toBe(clockDriftSeconds);
    const [{ wallTime, instant }] = await app.database.dataSource.getRepository(Punch).find({ take: 1 });
    expect(instant?.toISOString().slice(0, 19).replace('T', ' ')).toBe(wallTime);
    await app.get(DirectMachineSync).syncNow(await app.get(DevicesService).get(device.id), { actor: systemActor });
    Logger.overrideLogger(false);
    expect(warned).toEqual(['the clock of the terminal is wrong']);
  });
});

describe('directMachineSync', () => {
  it('tells every stage to who waits', async () => {
    const { device } = await aTerminal();
    const stages: RunProgress['stage'][] = [];
    await app
      .get(DirectMachineSync)
      .syncNow(device, { actor: systemActor, onProgress: ({ stage }) => stages.push(stage) });
    expect([...new Set(stages)]).toEqual([
      'waiting',
      'connecting',
      'counting',
      'reading',
      'proving',
      'reading_punches',
      'storing',
    ]);
  });

  it('begins over HTTP at once, shows its progress live, and its end', async () => {
    const { device } = await aTerminal();
    const held = await app.get(SyncCoordinator).acquireLock(deviceLockKey(device.id), { service: 'backup' });
    const server = app.app.getHttpServer() as never;
    const begun = await request(server)
      .post(`/api/devices/${device.id}/sync?wait=false`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`)
      .expect(202);
    const { id, outcome } = begun.body as { id: string; outcome: string };
    expect(outcome).toBe('running');
    const watched = [app, other].map((server) =>
      request(server.app.getHttpServer() as never)
        .get(`/api/sync-runs/${id}/progress`)
        .set('Authorization', `Bearer ${TEST_TOKEN}`)
        .buffer(true)
        .parse((response, done) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => done(null, text));
        })
        .then(({ body }) => body as string),
    );
    await app.get(SyncCoordinator).releaseLock(held);
    const [here, elsewhere] = await Promise.all(watched);
    expect(here).toContain('event: progress');
    expect(here).toContain('"stage":"waiting"');
    for (const stream of [here, elsewhere]) {
      expect(stream).toContain('event: ended');
      expect(stream).toContain('"outcome":"succeeded"');
    }
    await request(server).get('/api/sync-runs/999/progress').set('Authorization', `Bearer ${TEST_TOKEN}`).expect(404);
    await request(server).get(`/api/sync-runs/${id}/progress`).expect(401);
  });
});

describe('machineSyncService on several servers', () => {
  it('reads each due device once, shared out among the servers, and none again in the same period', async () => {
    const devices = await Promise.all(Array.from({ length: 6 }, () => aTerminal()));
    const servers = [app, other].map((server) => server.get(MachineSyncService));
    const totals = await Promise.all(servers.map((server) => server.syncDue()));
    const again = await Promise.all(servers.map((server) => server.syncDue()));
    expect(again.map(({ devices: count }) => count)).toEqual([0, 0]);
    // What one server left to the other may still have been under way; nothing was done twice.
    expect(totals.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(6);
    expect(devices.map(({ terminal }) => connections(terminal))).toEqual(Array.from({ length: 6 }, () => 1));
    expect((await runs()).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'succeeded'));
  });

  it('reads a device again whose server was killed in the middle, once its lease has run out', async () => {
    const { device } = await aTerminal();
    const { dataSource } = app.database;
    const killed = await app
      .get(SyncCoordinator)
      .acquireLock(deviceLockKey(device.id), { service: MachineSyncService.serviceName });
    await dataSource.query(
      `insert into sync_runs (device_id, service, requested_by, started_at, outcome) values ($1, 'machineSyncService', 'system', now(), 'running')`,
      [device.id],
    );
    expect(await other.get(MachineSyncService).syncDue()).toMatchObject({ devices: 0 });
    await dataSource.query(
      `update sync_locks set expires_at = clock_timestamp() - interval '1 s' where lock_key = $1`,
      [killed.key],
    );
    expect(await other.get(MachineSyncService).syncDue()).toMatchObject({ succeeded: 1 });
  });
});

describe('a terminal in realtime', () => {
  async function watch(terminal: ZkTerminal, device: Device): Promise<RealtimeWatch> {
    await app.get(DevicesService).change(device.id, { realtime: true }, systemActor);
    const service = app.get(RealtimeWatch);
    await service.follow();
    // What happened before anybody listened is read first.
    await until(async () => (await succeeded()) === 1 && terminal.listeners() === 1);
    return service;
  }
  const succeeded = async (): Promise<number> => (await runs()).filter(({ outcome }) => outcome === 'succeeded').length;

  it.each(['many', 'single'] as const)(
    'is read soon after a punch or an enrolment; it serves %s',
    async (connections) => {
      const { terminal, device } = await aTerminal({ connections });
      const service = await watch(terminal, device);
      terminal.addPunch({ ...punches[0], time: { ...punches[0].time, year: 2027 } });
      await until(async () => (await succeeded()) === 2);
      expect(await app.database.dataSource.getRepository(Punch).count()).toBe(punches.length + 1);
      await until(() => terminal.listeners() === 1);
      terminal.enrol(aUser(500));
      await until(async () => (await succeeded()) >= 3);
      expect((await runs()).at(-1)).toMatchObject({ newlyBuffered: 1, service: 'machineSyncService' });
      await service.stop();
      await until(() => terminal.listeners() === 0);
    },
  );

  it('is listened to by one server only, and let go when it is not realtime any more', async () => {
    const { terminal, device } = await aTerminal({ connections: 'many' });
    const service = await watch(terminal, device);
    await other.get(RealtimeWatch).follow();
    await app.get(DevicesService).change(device.id, { realtime: false }, systemActor);
    expect(terminal.listeners()).toBe(1);
    await service.follow();
    await until(() => terminal.listeners() === 0);
    await other.get(RealtimeWatch).stop();
    await service.stop();
  });

  it('is listened to again after its stream died silently, and what was missed is read', async () => {
    const { terminal, device } = await aTerminal({ connections: 'many' });
    const service = await watch(terminal, device);
    terminal.faults = { answers: [{ step: 'time', effect: { kind: 'silence' } }] };
    const opened = connections(terminal);
    terminal.state.punches.push({ ...punches[0], time: { ...punches[0].time, year: 2028 } }); // no event arrives
    await until(() => connections(terminal) > opened);
    terminal.faults = {};
    await until(async () => (await app.database.dataSource.getRepository(Punch).count()) === punches.length + 1);
    await service.stop();
  });
});
