import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BufferedUser } from '@app/buffer';
import { AifaceTerminal, inventAifaceUsers, ZkTerminal } from '@app/device-emulator';
import { type Device } from '@app/devices';
import { DialInService, TerminalPresence } from '@app/dial-in';
import { administrator, RetrySchedule } from '@app/kernel';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import {
  BufferPopulationRow,
  DirectMachineSync,
  OrderedRunsSchedule,
  PopulateBuffer,
  type PopulatedDevice,
  type PopulateRequest,
  SyncRunOrderRow,
  SyncRunRow,
  SyncServicesModule,
} from '@app/sync-services';
import {
  aDevice,
  aUser,
  deviceOf,
  dialInUrl,
  emptyTables,
  openTestApp,
  QUICK_TIMEOUTS,
  type TestApp,
  until,
} from '@test/support';

const actor = administrator('cli');
const options = {
  timeouts: QUICK_TIMEOUTS,
  coordination: { ttlMs: 60_000, retries: new RetrySchedule(0, 1) },
  env: { AIFACE_PORT: '0' },
};
/** A server, that terminals dial; and a command beside it, on the same database. */
let server: TestApp;
let command: TestApp;
const running: AsyncDisposable[] = [];

beforeAll(async () => {
  server = await openTestApp([SyncServicesModule], options);
  await dialInUrl(server);
  command = await openTestApp([SyncServicesModule], { ...options, database: server.database });
});
afterAll(async () => {
  await command[Symbol.asyncDispose]();
  await server.get(DialInService).stop();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const { dataSource } = server.database;
  const tables = ['device_user_buffer', 'device_user_details_read', 'sync_runs', 'sync_run_orders'];
  await emptyTables(dataSource, ...tables, 'buffer_populations', 'terminal_presence');
  await dataSource.query('delete from devices');
});
afterEach(async () => {
  for (const terminal of running.splice(0)) await terminal[Symbol.asyncDispose]();
});

/** A terminal that is called. */
async function calledTerminal(users: number): Promise<{ terminal: ZkTerminal; device: Device }> {
  const people = Array.from({ length: users }, (_, place) => aUser(place + 1));
  const terminal = await ZkTerminal.start({
    users: people,
    transports: ['tcp'],
    serialNumber: `SN${Math.random()}`,
  });
  running.push({ [Symbol.asyncDispose]: () => terminal.stop() });
  return { terminal, device: await deviceOf(server.database.dataSource, terminal) };
}

/** A terminal that has dialled the server. */
async function diallingTerminal(users: number): Promise<{ terminal: AifaceTerminal; device: Device }> {
  const serialNumber = `SN${Math.random()}`;
  const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
  const device = await aDevice(server.database.dataSource, reach);
  const terminal = AifaceTerminal.start({
    server: await dialInUrl(server),
    serialNumber,
    users: inventAifaceUsers({ count: users, seed: 5 }),
    redialMs: 5,
  });
  running.push({ [Symbol.asyncDispose]: () => terminal.stop() });
  const presence = server.get(TerminalPresence);
  await until(async () => (await presence.find(serialNumber)) !== null);
  // Both apps are one process here; for the database the command is another one than the server.
  await server.database.dataSource.query(`update terminal_presence set server = 'server:1'`);
  return { terminal, device };
}

async function populate(request: Partial<PopulateRequest> = {}): Promise<PopulatedDevice[]> {
  const done: PopulatedDevice[] = [];
  const run = command.get(PopulateBuffer).run({ devices: [], dryRun: false, actor, ...request });
  for await (const populated of run) done.push(populated);
  return done;
}

/** As `populate`, while the server looks for orders as it does every second. */
async function whileServerLooks<T>(work: Promise<T>): Promise<T> {
  let ended = false;
  const watched = work.finally(() => (ended = true));
  watched.catch(() => undefined);
  await until(async () => {
    await server.get(OrderedRunsSchedule).look();
    return ended;
  });
  return watched;
}

function rows<T extends object>(entity: new () => T): Promise<T[]> {
  return server.database.dataSource.getRepository(entity).find();
}

describe('a terminal that dialled a server', () => {
  it('is populated by a command: the server reads it, stores it and tells what it found', async () => {
    await diallingTerminal(30);
    const [{ totals, error }] = await whileServerLooks(populate());
    expect(error).toBeUndefined();
    expect(totals).toEqual({
      counted: 30,
      read: 30,
      mapped: 0,
      unmapped: 30,
      newlyBuffered: 30,
      alreadyBuffered: 0,
      invalid: 0,
    });
    expect(await rows(BufferedUser)).toHaveLength(30);
    expect(await rows(SyncRunRow)).toMatchObject([
      { service: 'populateBuffer', requestedBy: 'cli', outcome: 'succeeded', usersRead: 30 },
    ]);
    expect(await rows(SyncRunOrderRow)).toMatchObject([{ state: 'done', preview: false }]);
  });

  it('is only counted in a dry run', async () => {
    await diallingTerminal(7);
    const [{ totals }] = await whileServerLooks(populate({ dryRun: true }));
    expect(totals).toMatchObject({ counted: 7, newlyBuffered: 7 });
    expect(await rows(BufferedUser)).toEqual([]);
    expect(await rows(SyncRunRow)).toEqual([]);
    expect(await rows(BufferPopulationRow)).toEqual([]);
  });

  it('tells why the server could not read it, with the code that it would have there', async () => {
    const { terminal } = await diallingTerminal(5);
    terminal.faults = { lies: { userCounter: 1 } };
    const [{ error }] = await whileServerLooks(populate());
    expect(error).toMatchObject({ code: 'device/incomplete-read', kind: 'unavailable' });
    expect(await rows(BufferedUser)).toEqual([]);
  });

  it('is synchronised by a command too, with its punches', async () => {
    const { device } = await diallingTerminal(4);
    const run = await whileServerLooks(command.get(DirectMachineSync).syncNow(device, { actor }));
    expect(run).toMatchObject({ totals: { read: 4 }, punches: { read: 0 } });
    expect(await rows(SyncRunRow)).toMatchObject([{ id: run.runId, service: 'directMachineSync', requestedBy: 'cli' }]);
  });

  it('is not waited for when its server takes no order; the order is withdrawn', async () => {
    await diallingTerminal(5);
    const populating = populate();
    await until(async () => (await rows(SyncRunOrderRow)).length === 1);
    await server.database.dataSource.query(`update sync_run_orders set ordered_at = now() - interval '1 minute'`);
    expect((await populating)[0].error).toMatchObject({
      code: 'device/not-connected',
      message: expect.stringContaining('did not take the order') as unknown,
    });
    expect(await rows(SyncRunOrderRow)).toMatchObject([{ state: 'withdrawn' }]);
    await server.get(OrderedRunsSchedule).look();
    expect(await rows(SyncRunRow)).toEqual([]);
  });

  it('is left alone when the command is interrupted before the server took the order', async () => {
    await diallingTerminal(5);
    const stopping = new AbortController();
    const populating = populate({ signal: stopping.signal });
    await until(async () => (await rows(SyncRunOrderRow)).length === 1);
    stopping.abort();
    expect((await populating)[0].error).toMatchObject({ code: 'work/aborted' });
    expect(await rows(SyncRunOrderRow)).toMatchObject([{ state: 'withdrawn' }]);
  });
});

describe('a migration of several terminals', () => {
  it('that is interrupted goes on where it was: what was read is told and not read again', async () => {
    const first = await calledTerminal(3);
    const second = await calledTerminal(4);
    const stopping = new AbortController();
    const begun: PopulatedDevice[] = [];
    const run = command.get(PopulateBuffer);
    for await (const populated of run.run({ devices: [], dryRun: false, actor, signal: stopping.signal })) {
      begun.push(populated);
      stopping.abort();
    }
    expect(begun.map(({ device }) => device.id)).toEqual([first.device.id]);
    expect(await rows(BufferedUser)).toHaveLength(3);
    first.terminal.journal.clear();

    const resumed = await populate({ resume: true });
    expect(resumed).toMatchObject([
      { device: { id: first.device.id }, earlier: true, totals: begun[0].totals as object },
      { device: { id: second.device.id }, earlier: false, totals: { counted: 4, newlyBuffered: 4 } },
    ]);
    expect(first.terminal.journal.outside(() => false)).toEqual([]);
    expect(await rows(BufferPopulationRow)).toMatchObject([{ finishedAt: expect.any(Date) as unknown }]);
    expect(await populate({ resume: true })).toEqual([]);
  });

  it('goes on with a terminal that failed, and ends when all are read', async () => {
    const lying = await calledTerminal(3);
    await calledTerminal(4);
    lying.terminal.faults = { lies: { userCounter: 1 } };
    const failed = await populate();
    expect(failed.map(({ error }) => error?.code)).toEqual(['device/incomplete-read', undefined]);
    lying.terminal.faults = {};
    const resumed = await populate({ resume: true });
    expect(resumed).toMatchObject([
      { earlier: false, totals: { counted: 3 } },
      { earlier: true, totals: { counted: 4 } },
    ]);
    expect(await rows(BufferPopulationRow)).toMatchObject([{ finishedAt: expect.any(Date) as unknown }]);
  });

  it('does not read a terminal again that was switched off meanwhile', async () => {
    const { device, terminal } = await calledTerminal(3);
    await calledTerminal(4);
    terminal.faults = { lies: { userCounter: 1 } };
    await populate();
    await server.database.dataSource.query('update devices set enabled = false where id = $1', [device.id]);
    expect(await populate({ resume: true })).toMatchObject([{ earlier: true, totals: { counted: 4 } }]);
  });

  it('gives a terminal that another service holds a second turn after the others', async () => {
    const held = await calledTerminal(3);
    const free = await calledTerminal(4);
    const coordinator = server.get(SyncCoordinator);
    const order: string[] = [];
    let release: (() => void) | undefined;
    const holding = new Promise<void>((holds) => {
      void coordinator.withLease(deviceLockKey(held.device.id), { service: 'machineSyncService' }, async () => {
        holds();
        await new Promise<void>((resolve) => (release = resolve));
      });
    });
    await holding;
    for await (const { device, error } of command.get(PopulateBuffer).run({ devices: [], dryRun: false, actor })) {
      expect(error).toBeUndefined();
      order.push(device.id);
      release?.();
      const isFree = async (): Promise<boolean> =>
        (await coordinator.checkLockStatus(deviceLockKey(held.device.id))).acquiredBy === null;
      await until(isFree);
    }
    expect(order).toEqual([free.device.id, held.device.id]);
  });

  it('names what it does not know, and begins nothing', async () => {
    await calledTerminal(3);
    await expect(populate({ devices: ['back-door'] })).rejects.toMatchObject({ code: 'devices/not-found' });
    expect(await rows(BufferPopulationRow)).toEqual([]);
    expect(await rows(SyncRunRow)).toEqual([]);
  });
});
