import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import {
  AifaceTerminal,
  type AifaceTerminalOptions,
  type EmulatedAifacePunch,
  inventAifaceUsers,
} from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService, SecretVault } from '@app/devices';
import { DialInService, HandedOverCredential, PendingTerminalsService, TerminalPresence } from '@app/dial-in';
import { formatWallTime, parseWallTime, RetrySchedule, systemActor, wallTimeInZone } from '@app/kernel';
import { HandedOverPunchRow, Punch, PunchWatermark } from '@app/punches';
import {
  MachineSyncService,
  REALTIME_OPTIONS,
  RealtimeWatch,
  SyncRunRow,
  SyncServicesModule,
} from '@app/sync-services';
import {
  aDevice,
  dialInUrl,
  emptyTables,
  openTestApp,
  QUICK_TIMEOUTS,
  ScriptedTerminal,
  TEST_TOKEN,
  type TestApp,
  until,
} from '@test/support';
import request from 'supertest';
import { MoreThan } from 'typeorm';

const users = inventAifaceUsers({ count: 30, seed: 3 });
const options = {
  timeouts: QUICK_TIMEOUTS,
  coordination: { ttlMs: 60_000, retries: new RetrySchedule(3, 50) },
  provide: [[REALTIME_OPTIONS, { settleMs: 1, gapMs: 1, reopenMs: 20 }]] as const,
  env: { AIFACE_PORT: '0', TIME_ZONE: 'UTC' },
};
let app: TestApp;
let url: string;
const running: AsyncDisposable[] = [];
let serial = 0;
/** Devices are numbered anew in every test, and the audit log forgets nothing. */
let lastEntry: string;

beforeAll(async () => {
  app = await openTestApp([SyncServicesModule], options);
  url = await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const last = 'select coalesce(max(id), 0) as id from device_user_audit_log';
  const [newest] = await app.database.dataSource.query<{ id: string }[]>(last);
  lastEntry = newest.id;
  await emptyTables(
    app.database.dataSource,
    'pending_terminals',
    'terminal_presence',
    'handed_over_punches',
    'handed_over_credentials',
    'device_user_buffer',
    'device_user_details_read',
    'sync_runs',
    'punches',
    'punch_watermarks',
    'devices',
  );
});
afterEach(async () => {
  await app.get(RealtimeWatch).stop();
  for (const each of running.splice(0)) await each[Symbol.asyncDispose]();
});

function newSerial(): string {
  serial += 1;
  return `DIALIN${String(serial).padStart(6, '0')}`;
}

function aTerminal(change: Partial<AifaceTerminalOptions> = {}): AifaceTerminal {
  const terminal = AifaceTerminal.start({ server: url, serialNumber: newSerial(), users, redialMs: 10, ...change });
  running.push(terminal);
  return terminal;
}

/** A registered terminal that is connected. */
async function connected(
  change: Partial<AifaceTerminalOptions> = {},
  device: Partial<Device> = {},
): Promise<{ terminal: AifaceTerminal; device: Device }> {
  const serialNumber = newSerial();
  const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
  const row = await aDevice(app.database.dataSource, { ...reach, ...device });
  const terminal = aTerminal({ serialNumber, ...change });
  await arrival(terminal);
  return { terminal, device: row };
}

function arrival(terminal: AifaceTerminal): Promise<void> {
  return terminal.until(() => terminal.isRegistered && app.get(DeviceGateway).isConnected(terminal.serialNumber));
}

async function dial(from?: string): Promise<ScriptedTerminal> {
  const terminal = await ScriptedTerminal.dial(url, { from });
  running.push(terminal);
  return terminal;
}

const api = (method: 'get' | 'post' | 'patch', path: string): request.Test =>
  authorised(request(app.app.getHttpServer() as never)[method](path));
const authorised = (test: request.Test): request.Test => test.set('authorization', `Bearer ${TEST_TOKEN}`);
const rowsOf = <T extends object>(entity: new () => T): Promise<T[]> =>
  app.database.dataSource.getRepository(entity).find();
const auditOf = async (operation: string, deviceId: string): Promise<AuditEntry[]> => {
  const entries = app.database.dataSource.getRepository(AuditEntry);
  const where = { operation: operation as AuditEntry['operation'], deviceId, id: MoreThan(lastEntry) };
  return entries.find({ where, order: { id: 'ASC' } });
};
const sync = (device: Device): ReturnType<MachineSyncService['syncDevice']> =>
  app.get(MachineSyncService).syncDevice(device, systemActor);

describe('an unknown terminal', () => {
  it('waits, is shown with what it says of itself, and is admitted once it has been adopted', async () => {
    const terminal = aTerminal({ clock: parseWallTime('2001-01-01 00:00:00') });
    await terminal.until(() => terminal.refusedBecause !== undefined);
    expect(terminal.refusedBecause).toBe('waits for an administrator');
    const before = formatWallTime(terminal.time());
    const { body } = await api('get', '/api/pending-terminals').expect(200);
    expect(body).toMatchObject([
      {
        serial_number: terminal.serialNumber,
        address: '127.0.0.1',
        model: 'AiFace',
        firmware: 'ai806_f06v_v5.17',
        counters: { users: 30 },
        capacity: { users: 5000, punches: 500_000 },
      },
    ]);
    expect(await rowsOf(SyncRunRow)).toEqual([]);
    expect(before).toMatch(/^2001-01-01/); // nobody has set its clock
    const adopt = { name: 'Front door', time_zone: 'Asia/Tokyo' };
    await api('post', '/api/pending-terminals/a%00b/adopt').send(adopt).expect(400);
    const path = `/api/pending-terminals/${terminal.serialNumber}/adopt`;
    const pending = app.get(PendingTerminalsService);
    for (const wrong of [{ timeZone: 'Mars/Olympus' }, { timeZone: '' }, { timeZone: '+03:00' }, { name: ' ' }])
      await expect(
        pending.adopt(terminal.serialNumber, { name: 'Front door', ...wrong }, systemActor),
      ).rejects.toMatchObject({ kind: 'invalid' });
    const adopted = await api('post', path).send(adopt).expect(201);
    expect(adopted.body).toMatchObject({
      driver: 'aiface',
      host: null,
      network: '127.0.0.0/24',
      realtime: true,
      slug: 'front-door',
    });
    await arrival(terminal);
    expect((await api('get', '/api/pending-terminals').expect(200)).body).toEqual([]);
    expect((await api('post', path).send(adopt).expect(409)).body).toMatchObject({
      code: 'devices/already-registered',
    });
    const nobody = '/api/pending-terminals/NOBODY01/adopt';
    expect((await api('post', nobody).send(adopt).expect(404)).body).toMatchObject({ code: 'dial-in/not-pending' });
    const run = await api('post', `/api/devices/${(adopted.body as Device).id}/sync`).expect(200);
    expect(run.body).toMatchObject({ outcome: 'succeeded', users_read: 30, newly_buffered: 30 });
  });

  it('that shows ever new serial numbers is no longer noted, and somebody is told', async () => {
    for (let i = 0; i < 40; i += 1) {
      const stranger = await dial('127.0.0.9');
      await stranger.ask({ cmd: 'reg', sn: `STRANGER${1000 + i}`, devinfo: {} });
    }
    const { body } = await api('get', '/api/pending-terminals').expect(200);
    expect(body).toHaveLength(30);
    const alarms = app.database.dataSource.getRepository(AuditEntry);
    await until(async () => (await alarms.countBy({ operation: 'terminal_alarm' })) > 0);
    const [alarm] = await alarms.find({ where: { operation: 'terminal_alarm' }, order: { id: 'DESC' }, take: 1 });
    expect(alarm.details).toMatchObject({ kind: 'too-many-serials', address: '127.0.0.9' });
  });
});

describe('a registered terminal', () => {
  it('has its clock measured, and then set to the wall time of its zone', async () => {
    const { terminal, device } = await connected(
      { clock: parseWallTime('2001-01-01 00:00:00') },
      { timeZone: 'Asia/Kathmandu' },
    );
    const shown = Date.parse(`${formatWallTime(terminal.time()).replace(' ', 'T')}Z`);
    const right = Date.parse(`${formatWallTime(wallTimeInZone(new Date(), 'Asia/Kathmandu')).replace(' ', 'T')}Z`);
    expect(Math.abs(shown - right)).toBeLessThan(30_000);
    const [entry] = await auditOf('terminal_registered', device.id);
    expect(entry.details.clock_drift_seconds).toBeLessThan(-24 * 365 * 86_400);
  });

  it('must dial in from its network, until an administrator changes that', async () => {
    const { terminal, device } = await connected({}, { network: '127.0.0.0/8' });
    await api('patch', `/api/devices/${device.id}`).send({ network: '10.1.2.0/33' }).expect(400);
    await api('patch', `/api/devices/${device.id}`).send({ network: '10.1.2.0/24' }).expect(200);
    terminal.drop();
    await terminal.until(() => terminal.refusedBecause !== undefined);
    expect(terminal.refusedBecause).toBe('not from this network');
    const [alarm] = await auditOf('terminal_alarm', device.id);
    expect(alarm.details).toMatchObject({ kind: 'foreign-network', address: '127.0.0.1', network: '10.1.2.0/24' });
    await api('patch', `/api/devices/${device.id}`).send({ network: null }).expect(200);
    await arrival(terminal);
  });

  it('is refused when it is switched off, or is one that is called at its address', async () => {
    for (const change of [{ enabled: false }, { driver: 'zk', host: 'h', port: 1, transport: 'tcp' }] as const) {
      const serialNumber = newSerial();
      const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
      await aDevice(app.database.dataSource, { ...reach, ...change } as Partial<Device>);
      const terminal = aTerminal({ serialNumber });
      await terminal.until(() => terminal.refusedBecause !== undefined);
      expect(terminal.refusedBecause).toMatch(/switched off|another kind/);
    }
  });
});

describe('punches that a terminal hands over', () => {
  const PUNCH = { enrollId: '1001', time: parseWallTime('2026-01-28 08:02:11')!, mode: 8, inOut: 0, event: 0 };

  it('are kept before it is told so, and imported by the next run, once, however often they come', async () => {
    const { terminal, device } = await connected();
    terminal.addPunch(PUNCH, { ...PUNCH, enrollId: '00001002' }, { ...PUNCH, enrollId: '0', event: 5 });
    await terminal.until(() => terminal.state.log.every(({ taken }) => taken));
    expect(await rowsOf(HandedOverPunchRow)).toHaveLength(2);
    expect(await rowsOf(Punch)).toEqual([]);
    expect(await auditOf('terminal_alarm', device.id)).toMatchObject([{ details: { happened: 'forced open' } }]);
    terminal.state.log.length = 0; // it has forgotten them: nobody but we knows
    expect(await sync(device)).toMatchObject({ punchesHandedOver: 2 });
    expect(await rowsOf(HandedOverPunchRow)).toEqual([]);
    const punches = (await rowsOf(Punch)).map(({ deviceUserId, wallTime, verifyMode, state, source }) => [
      deviceUserId,
      wallTime,
      verifyMode,
      state,
      source,
    ]);
    expect(punches.toSorted()).toEqual([
      ['1001', '2026-01-28 08:02:11', 8, 0, 'device'],
      ['1002', '2026-01-28 08:02:11', 8, 0, 'device'],
    ]);
    terminal.addPunch(PUNCH); // once more, since the acknowledgement was lost
    await terminal.until(() => terminal.state.log.every(({ taken }) => taken));
    expect(await sync(device)).toMatchObject({ punchesHandedOver: 0 });
    expect(await rowsOf(Punch)).toHaveLength(2);
  });

  it('come while a run has the terminal, which neither waits for the other', async () => {
    const { terminal, device } = await connected();
    terminal.faults = { replies: [{ step: 'list', effect: { kind: 'push-first' } }] };
    await sync(device);
    await terminal.until(() => terminal.state.log.every(({ taken }) => taken));
    expect((await rowsOf(HandedOverPunchRow)).length + (await rowsOf(Punch)).length).toBeGreaterThan(0);
  });

  it('make a run happen soon, where they are listened to', async () => {
    const { terminal } = await connected({}, { realtime: true });
    await app.get(RealtimeWatch).follow();
    await until(async () => (await rowsOf(SyncRunRow)).some(({ outcome }) => outcome === 'succeeded'));
    terminal.addPunch(PUNCH);
    await until(async () => (await rowsOf(Punch)).length === 1);
  });

  it('that make no sense are kept as they are, and do not hold up the others', async () => {
    const { terminal, device } = await connected();
    terminal.sendRaw(
      JSON.stringify({
        cmd: 'sendlog',
        sn: terminal.serialNumber,
        count: 2,
        logindex: 9,
        record: [
          { enrollid: 'x\u0000', time: 'yesterday', image: 'secret-face' },
          { enrollid: 7, time: '2026-02-30 08:00:00', mode: 1, inout: 1, event: 0 },
        ],
      }),
    );
    await until(async () => (await rowsOf(HandedOverPunchRow)).length === 1);
    const [entry] = await auditOf('terminal_record_unreadable', device.id);
    expect(entry.details).toEqual({ record: { enrollid: 'x', time: 'yesterday' } });
    await sync(device);
    expect(await rowsOf(Punch)).toMatchObject([{ deviceUserId: '7', wallTime: '2026-02-30 08:00:00', instant: null }]);
  });
});

describe('the log of a terminal', () => {
  const punchOn = (day: number, hour: number): EmulatedAifacePunch => ({
    enrollId: '1001',
    time: { year: 2026, month: 1, day, hour, minute: 0, second: 0 },
    mode: 8,
    inOut: 0,
    event: 0,
  });

  it('is read as a whole once, then from the last day on, and again as a whole when that does not add up', async () => {
    const log = Array.from({ length: 200 }, (_, i) => punchOn(1 + Math.floor(i / 20), 1 + (i % 20)));
    const { terminal, device } = await connected({ punches: log });
    const asked = (): unknown[] => terminal.journal.commands('getalllog').map(({ from }) => from);
    expect((await sync(device)).punches).toMatchObject({ read: 200, imported: 200 });
    expect(await rowsOf(PunchWatermark)).toMatchObject([
      { position: { counter: 200, day: '2026-01-10', entriesSince: 20 } },
    ]);
    terminal.journal.clear();
    terminal.addPunch(punchOn(10, 22), punchOn(11, 1));
    expect((await sync(device)).punches).toMatchObject({ read: 22, imported: 2 });
    expect(asked()).toEqual(['2026-01-10']);
    terminal.journal.clear();
    terminal.addPunch(punchOn(3, 23)); // its clock has been set back
    expect((await sync(device)).punches).toMatchObject({ read: 203, imported: 1 });
    expect(new Set(asked())).toEqual(new Set(['2026-01-11', undefined]));
    terminal.faults = { lies: { cutLog: 1 } };
    expect((await sync(device)).punchFailure).toMatchObject({ code: 'device/incomplete-read' });
    terminal.faults = {};
    terminal.state.log.length = 0;
    expect((await sync(device)).punches).toMatchObject({ read: 0 });
    expect(await rowsOf(Punch)).toHaveLength(203);
  });
});

describe('an enrolment that a terminal hands over', () => {
  it('is kept with its contents encrypted, every version once, and is seen by the next run', async () => {
    const { terminal, device } = await connected({ users: [] });
    const credentials = new Map<number, string | number>([
      [0, 'c5236a01(12)eb87'],
      [10, 73915517],
      [11, 2352253],
    ]);
    const user = { enrollId: '31', name: 'Tomás\u0000 Ó Briain', admin: 0, enabled: true, credentials };
    terminal.enrol(user);
    await terminal.until(() => terminal.state.unknownToServer.length === 0);
    terminal.enrol({ ...user, credentials: new Map(credentials).set(10, 40711) });
    await terminal.until(() => terminal.state.unknownToServer.length === 0);
    const kept = (await rowsOf(HandedOverCredential)).toSorted((a, b) => a.backupNumber - b.backupNumber);
    expect(kept.map(({ deviceUserId, backupNumber, name }) => [deviceUserId, backupNumber, name])).toEqual([
      ['31', 0, 'Tomás Ó Briain'],
      ['31', 10, 'Tomás Ó Briain'],
      ['31', 10, 'Tomás Ó Briain'],
      ['31', 11, 'Tomás Ó Briain'],
    ]);
    const opened = await Promise.all(kept.map(({ recordEncrypted }) => app.get(SecretVault).open(recordEncrypted)));
    expect(opened).toEqual(expect.arrayContaining(['"c5236a01(12)eb87"', '73915517', '40711', '2352253']));
    await sync(device);
    for (const table of ['handed_over_credentials', 'device_user_audit_log', 'device_user_buffer', 'sync_runs']) {
      const rows = JSON.stringify(await app.database.dataSource.query(`select * from ${table}`));
      expect(rows).not.toContain('73915517');
      expect(rows).not.toContain('eb87');
    }
    expect(await auditOf('credential_received', device.id)).toHaveLength(4);
    const { body } = await api('get', `/api/device-users/buffer?device_id=${device.id}`).expect(200);
    expect(body).toMatchObject({ items: [{ device_user_id: '31', name: 'Tomás Ó Briain', card_number: '2352253' }] });
  });
});

describe('names and cards, which are asked for one user at a time', () => {
  it('are asked for once, and stay as they are while they are not asked for', async () => {
    const { terminal, device } = await connected();
    await sync(device);
    const namesOf = async (): Promise<unknown> => {
      const { body } = await api('get', `/api/device-users/buffer?device_id=${device.id}&limit=100`).expect(200);
      return (body as { items: { name: unknown; card_number: unknown }[] }).items.map(({ name, card_number: card }) => [
        name,
        card,
      ]);
    };
    const names = await namesOf();
    terminal.journal.clear();
    terminal.enrol({ ...users[0], enrollId: '5000', name: 'New' });
    await sync(device);
    expect(terminal.journal.commands('getuserinfo').map(({ enrollid }) => enrollid)).toEqual([5000]);
    expect(await namesOf()).toEqual([...(names as unknown[]), ['New', expect.anything()]]);
  });
});

describe('which server has a terminal', () => {
  it('is known to all of them: the others leave it alone, and say where it is', async () => {
    const { device } = await connected();
    await using other = await openTestApp([SyncServicesModule], { ...options, database: app.database });
    const presence = other.get(TerminalPresence);
    await until(async () => (await presence.find(device.serialNumber!)) !== null);
    // Both are one process here, but for the database they are two servers.
    await app.database.dataSource.query(`update terminal_presence set server = 'elsewhere:1'`);
    expect(await presence.whereaboutsOf(device)).toMatchObject({ kind: 'elsewhere' });
    expect(await other.get(MachineSyncService).syncDue()).toMatchObject({ devices: 0 });
    expect(await app.get(MachineSyncService).syncDue()).toMatchObject({ devices: 1, succeeded: 1 });
    await expect(other.get(MachineSyncService).syncDevice(device, systemActor)).rejects.toMatchObject({
      code: 'device/not-connected',
      message: expect.stringContaining('elsewhere:1') as unknown,
    });
  });

  it('matters when nobody has it: one that has just gone is waited for, one that stays away is told', async () => {
    const { terminal, device } = await connected();
    const presence = app.get(TerminalPresence);
    await until(async () => (await presence.find(device.serialNumber!)) !== null);
    await terminal.stop();
    await until(async () => (await presence.find(device.serialNumber!))?.disconnectedAt instanceof Date);
    expect(await app.get(MachineSyncService).syncDue()).toMatchObject({ devices: 0 });
    await app.database.dataSource.query(
      `update terminal_presence set last_heard_at = now() - interval '1 hour', disconnected_at = now() - interval '1 hour'`,
    );
    await app.database.dataSource.query(`update devices set created_at = now() - interval '1 hour'`);
    const old = await app.get(DevicesService).get(device.id);
    // This process has just begun, so that terminals may be on their way.
    expect(await presence.whereaboutsOf(old)).toMatchObject({ kind: 'expected' });
    presence['startedAt'] = new Date(Date.now() - 3_600_000);
    expect(await presence.whereaboutsOf(old)).toMatchObject({ kind: 'absent' });
    expect(await app.get(MachineSyncService).syncDue()).toMatchObject({ devices: 1, failed: 1 });
    await expect(sync(old)).rejects.toMatchObject({ code: 'device/not-connected' });
  });
});
