import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { DeviceBackup, Erasure, type ErasureDetailView, ErasureModule, LiveErasure, Suppressions } from '@app/backup';
import { BufferedUser } from '@app/buffer';
import { AifaceTerminal, aifaceUserOf, type EmulatedUser, ZkTerminal } from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { DeletedDeviceUser, DeviceUserDeletions, DeviceWrite } from '@app/device-writer';
import { Device } from '@app/devices';
import { DialInModule, DialInService, HandedOverCredential } from '@app/dial-in';
import { administrator, type DeviceUserId, SystemClock, systemActor } from '@app/kernel';
import { DeviceUserStay, Incident, IncidentUser, MonitoringModule, UserPoll } from '@app/monitoring';
import { Notifications } from '@app/notification';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import {
  aDevice,
  aMapping,
  aUser,
  deviceOf,
  dialInUrl,
  openTestApp,
  RecordingNotifications,
  TEST_TOKEN,
  type TestApp,
} from '@test/support';
import { type ObjectLiteral } from 'typeorm';
import request from 'supertest';

jest.setTimeout(60_000);
const DAY_MS = 24 * 60 * 60_000;
const USERS = Array.from({ length: 20 }, (_, i) =>
  aUser(i + 1, { userId: String(101 + i), name: Buffer.from(`Mina ${i}`), card: 5_001 + i, password: '7351' }),
);
const FINGER = Buffer.from('a finger of a person who is to be forgotten'.repeat(8));
const actor = administrator('account:mina');
let app: TestApp;

beforeAll(async () => {
  app = await openTestApp([ErasureModule, MonitoringModule, DialInModule], {
    clock: new SystemClock(),
    env: { AIFACE_PORT: '0' },
    provide: [[Notifications, new RecordingNotifications()]],
  });
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

const rows = <T extends ObjectLiteral>(entity: new () => T, where: object): Promise<T[]> =>
  app.database.dataSource.getRepository(entity).findBy(where);

function post(path: string, body: object = {}): request.Test {
  return request(app.app.getHttpServer())
    .post(`/api/device-users/${path}`)
    .auth(TEST_TOKEN, { type: 'bearer' })
    .send(body);
}

async function erase(device: Device, id: string): Promise<ErasureDetailView> {
  const order = { device_id: device.id, device_user_id: id, reason: 'Request of 31 January' };
  const { body } = await post('erasures', order).expect(201);
  return (body as { items: ErasureDetailView[] }).items[0];
}

async function show(id: string): Promise<ErasureDetailView> {
  const { body } = await request(app.app.getHttpServer())
    .get(`/api/device-users/erasures/${id}`)
    .auth(TEST_TOKEN, { type: 'bearer' })
    .expect(200);
  return body as ErasureDetailView;
}

async function backUp(device: Device, userIds: readonly string[], takenAt = new Date()): Promise<DeviceBackup> {
  return app.database.dataSource.getRepository(DeviceBackup).save({
    deviceId: device.id,
    filename: `${device.id}-${takenAt.getTime()}-${Math.random()}.hfb.age`,
    takenAt,
    trigger: 'schedule',
    requestedBy: 'system',
    protocol: 'zk',
    serialNumber: 'SN1',
    userCount: userIds.length,
    credentialCount: 0,
    userIds: [...userIds] as DeviceUserId[],
    encrypted: true,
    sizeBytes: '1000',
    digest: '00',
    checkedAt: takenAt,
    durationMs: 1,
  });
}

/** An emulated terminal of either kind, and what it still holds of a user. */
interface Rig extends AsyncDisposable {
  readonly device: Device;
  traces(id: string): string[];
  enrol(user: EmulatedUser): void;
}

async function zkRig(): Promise<Rig & { readonly terminal: ZkTerminal }> {
  const terminal = await ZkTerminal.start({ users: USERS, transports: ['tcp'], serialNumber: `SN${Math.random()}` });
  for (const { slot } of USERS)
    terminal.state.putTemplate({ slot, finger: 6, flag: 1, template: Buffer.concat([FINGER, Buffer.of(slot)]) });
  // A port may come back, and no two devices may have one address.
  await app.database.dataSource.getRepository(Device).delete({ port: terminal.port });
  const slots = new Map(USERS.map(({ userId, slot }) => [userId, slot]));
  return {
    terminal,
    device: await deviceOf(app.database.dataSource, terminal),
    traces: (id) => [
      ...terminal.users().flatMap(({ userId }) => (userId === id ? ['record'] : [])),
      ...[...terminal.state.templates.values()].flatMap(({ slot }) => (slot === slots.get(id) ? ['template'] : [])),
    ],
    enrol: (user) => terminal.enrol(user),
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}

async function aifaceRig(): Promise<Rig> {
  const serialNumber = `SN${Math.random()}`;
  const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
  const device = await aDevice(app.database.dataSource, reach);
  const people = USERS.map((user) => {
    const plain = aifaceUserOf(user);
    return {
      ...plain,
      credentials: new Map([...plain.credentials, [0, FINGER.toString('hex')], [20, 'face'.repeat(90)]]),
    };
  });
  const terminal = AifaceTerminal.start({ server: await dialInUrl(app), serialNumber, users: people, redialMs: 5 });
  await terminal.until(() => terminal.isRegistered && app.get(DeviceGateway).isConnected(serialNumber));
  return {
    device,
    traces: (id) =>
      terminal
        .users()
        .flatMap((user) => (String(user.enrollId) === id ? [...user.credentials.keys()].map(String) : [])),
    enrol: (user) => terminal.setUsers([...terminal.users(), aifaceUserOf(user)]),
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}

describe.each([
  { kind: 'ZK', start: zkRig },
  { kind: 'AiFace', start: aifaceRig },
])('of a user of a $kind terminal', ({ start }) => {
  let rig: Rig;
  let device: Device;

  beforeEach(async () => {
    await rig?.[Symbol.asyncDispose]();
    rig = await start();
    ({ device } = rig);
    await app.get(UserPoll).execute(device, { actor: systemActor });
  });
  afterAll(async () => rig[Symbol.asyncDispose]());

  it('nothing stays by which they could come back, and nothing but the ID is known of them', async () => {
    // Deleted and brought back once: the journal has them twice.
    const deletions = app.get(DeviceUserDeletions);
    const { user } = await deletions.delete(device, '101' as DeviceUserId, { reason: 'by mistake', actor });
    await deletions.undo(user.id, actor);
    await app.database.dataSource.getRepository(HandedOverCredential).insert({
      deviceId: device.id,
      deviceUserId: '101',
      backupNumber: 0,
      rawUserId: '101',
      name: 'Mina 0',
      privilege: 0,
      recordEncrypted: 'v1.x',
      recordFingerprint: Buffer.alloc(32, 1),
      extra: {},
    });
    expect(rig.traces('101').length).toBeGreaterThan(1);

    const erased = await erase(device, '0101');
    expect(erased).toMatchObject({
      device_user_id: '101',
      live_state: 'removed',
      live_error: null,
      held_by: { count: 0 },
    });
    expect(rig.traces('101')).toEqual([]);
    expect(rig.traces('102').length).toBeGreaterThan(1);

    const of101 = { deviceId: device.id, deviceUserId: '101' };
    const writes = await rows(DeviceWrite, of101);
    expect(writes.map(({ kind, purpose }) => `${kind} ${purpose}`).toSorted()).toEqual([
      'delete deletion',
      'delete erasure',
      'restore deletion_undo',
    ]);
    for (const { kind, beforeSealed, afterSealed, deviceUserName, state } of writes)
      expect({ kind, beforeSealed, afterSealed, deviceUserName, state }).toEqual({
        kind,
        beforeSealed: kind === 'restore' ? null : 'erased',
        afterSealed: kind === 'restore' ? 'erased' : null,
        deviceUserName: null,
        state: 'done',
      });
    expect(await rows(DeletedDeviceUser, of101)).toMatchObject([{ snapshotSealed: 'erased', name: null }]);
    expect(await rows(HandedOverCredential, of101)).toEqual([]);
    expect(await rows(BufferedUser, of101)).toMatchObject([{ name: null, nameBytes: null, cardNumber: null }]);
    for (const stay of await rows(DeviceUserStay, of101)) expect(stay).toMatchObject({ name: null, cardNumber: null });
    expect(await rows(BufferedUser, { ...of101, deviceUserId: '102' })).toMatchObject([{ name: 'Mina 1' }]);
    const finished = await rows(AuditEntry, { ...of101, operation: 'user_erasure_finished' });
    expect(finished).toMatchObject([
      { performedBy: expect.any(String), details: { erasure_id: erased.id, live_state: 'removed' } },
    ]);

    // That they are gone is no loss, and other writes go on.
    expect((await app.get(UserPoll).execute(device, { actor: systemActor })).incident).toBeUndefined();
    expect(await rows(DeviceUserStay, of101)).toMatchObject([{ endedAs: 'deleted' }]);
    expect(await erase(device, '103')).toMatchObject({ live_state: 'removed' });
  });

  it('a deletion of before cannot be undone', async () => {
    const deletions = app.get(DeviceUserDeletions);
    const { user } = await deletions.delete(device, '101' as DeviceUserId, {
      reason: 'left',
      actor: administrator('a'),
    });
    expect(await erase(device, '101')).toMatchObject({ live_state: 'absent' });
    expect((await post(`deletions/${user.id}/undo`).expect(409)).body).toMatchObject({
      code: 'device-writer/snapshot-erased',
    });
    expect(rig.traces('101')).toEqual([]);
  });

  it('whoever is enrolled anew may come back from what is taken later', async () => {
    const before = await backUp(device, ['101', '102']);
    const { id } = await erase(device, '101');
    rig.enrol(USERS[0]);
    const after = await backUp(device, ['101', '102'], new Date(Date.now() + 1_000));
    const other = await aDevice(app.database.dataSource);
    const suppressions = app.get(Suppressions);
    expect([...(await suppressions.suppressed(device.id)).keys()]).toEqual(['101']);
    expect([...(await suppressions.refusedFrom(before, device.id))]).toEqual(['101']);
    expect([...(await suppressions.refusedFrom(before, other.id))]).toEqual(['101']);
    expect([...(await suppressions.refusedFrom({ ...before, deviceId: other.id }, device.id))]).toEqual(['101']);
    expect([...(await suppressions.refusedFrom(after, device.id))]).toEqual([]);
    expect(await show(id)).toMatchObject({ held_by: { count: 1 } });
  });
});

describe('a terminal that cannot be reached', () => {
  it('is tried again until it can; until then nobody comes back, and not from a later backup either', async () => {
    await using rig = await zkRig();
    const { device } = rig;
    const devices = app.database.dataSource.getRepository(Device);
    const deletions = app.get(DeviceUserDeletions);
    const { user } = await deletions.delete(device, '102' as DeviceUserId, { reason: 'left', actor });
    await devices.update({ id: device.id }, { port: 1 });
    const { id } = await erase(device, '101');
    const gone = await erase(device, '102');
    expect(await show(id)).toMatchObject({
      live_state: 'pending',
      live_error: expect.stringMatching(/^device\//),
      settled_at: null,
    });
    const later = await backUp(device, ['101'], new Date(Date.now() + 1_000));
    expect([...(await app.get(Suppressions).refusedFrom(later, device.id))].toSorted()).toEqual(['101', '102']);
    expect(await show(id)).toMatchObject({
      held_by: { count: 1, gone_at: null, kept_because: expect.stringContaining('not proven') },
    });
    await app.get(LiveErasure).removeAll();
    expect(await show(id)).toMatchObject({ live_state: 'pending' });

    await devices.update({ id: device.id }, { port: rig.terminal.port });
    // Its snapshot is still there, since nobody could prove the absence: but it is not used.
    expect((await post(`deletions/${user.id}/undo`).expect(409)).body).toMatchObject({ code: 'backup/erased' });
    expect(rig.traces('102')).toEqual([]);
    await app.get(LiveErasure).removeAll();
    expect(await show(id)).toMatchObject({ live_state: 'removed', live_error: null });
    expect(await show(gone.id)).toMatchObject({ live_state: 'absent' });
    expect(rig.traces('101')).toEqual([]);
    expect(await rows(DeletedDeviceUser, { id: user.id })).toMatchObject([{ snapshotSealed: 'erased' }]);
    await app.get(LiveErasure).removeAll();
    expect(await rows(DeviceWrite, { deviceId: device.id, purpose: 'erasure' })).toHaveLength(1);
  });

  it('is not tried again when it can be reached and refuses', async () => {
    await using rig = await zkRig();
    rig.terminal.faults = { answers: [{ step: 'user-delete', effect: { kind: 'refuse', code: 2001 } }] };
    const { id } = await erase(rig.device, '101');
    rig.terminal.faults = {};
    await app.get(LiveErasure).removeAll();
    expect(await show(id)).toMatchObject({ live_state: 'failed', live_error: 'device-writer/refused' });
    expect(rig.traces('101')).toEqual(['record', 'template']);
    expect([
      ...(await app.get(Suppressions).refusedFrom({ deviceId: rig.device.id, takenAt: new Date() }, rig.device.id)),
    ]).toEqual(['101']);
    expect(await erase(rig.device, '101')).toMatchObject({ live_state: 'removed' });
  });
});

describe('an erasure', () => {
  it('of a person is of everybody they are mapped to now', async () => {
    await using one = await zkRig();
    await using two = await zkRig();
    const { id: personId, personType } = await aMapping(app.database.dataSource, one.device.id, '105');
    await app.database.dataSource.query(
      `insert into user_machine_mapping (device_id, device_user_id, person_id, person_type, created_by) values ($1, '107', $2, $3, 'test')`,
      [two.device.id, personId, personType],
    );
    const order = { person_id: personId, person_type: personType, reason: 'Request of 31 January' };
    const { body } = await post('erasures', order).expect(201);
    expect((body as { items: ErasureDetailView[] }).items).toMatchObject([
      {
        device_id: one.device.id,
        device_user_id: '105',
        person_id: personId,
        person_type: personType,
        live_state: 'removed',
      },
      { device_id: two.device.id, device_user_id: '107', person_id: personId, live_state: 'removed' },
    ]);
    expect([one.traces('105'), two.traces('107')]).toEqual([[], []]);
    const unmapped = await post('erasures', { ...order, person_id: '999999' }).expect(404);
    expect(unmapped.body).toMatchObject({ code: 'backup/nobody-to-erase' });
  });

  it('is of one or the other, and has a reason', async () => {
    const reason = 'Request of 31 January';
    for (const body of [
      { reason },
      { reason, device_id: '1' },
      { reason, device_id: '1', device_user_id: '1', person_id: '1', person_type: 'staff' },
    ])
      expect((await post('erasures', body).expect(400)).body).toMatchObject({ code: 'backup/erasure-target' });
    await post('erasures', { device_id: '1', device_user_id: '1', reason: ' x ' }).expect(400);
    await post('erasures', { device_id: '1', device_user_id: 'é', reason }).expect(400);
    await post('erasures', { device_id: '999999', device_user_id: '1', reason }).expect(404);
  });

  it('tells when the last file is gone, or what keeps it', async () => {
    await using rig = await zkRig();
    const { device } = rig;
    const everybody = USERS.map(({ userId }) => userId);
    const held = await backUp(device, everybody, new Date(Date.now() - DAY_MS));
    await backUp(device, everybody, new Date(Date.now() - 2 * DAY_MS));
    const { id, held_by: newest } = await erase(device, '101');
    expect(newest).toEqual({
      count: 2,
      gone_at: null,
      kept_because: expect.stringContaining(`${held.filename} is the newest valid`),
    });
    await backUp(device, ['102'], new Date(Date.now() + 1_000));
    expect((await show(id)).held_by).toEqual({
      count: 2,
      gone_at: null,
      kept_because: expect.stringContaining('nearly all users'),
    });
    await backUp(device, everybody.slice(1), new Date(Date.now() + 2_000));
    const goneAt = new Date(held.takenAt.getTime() + 30 * DAY_MS).toISOString();
    expect((await show(id)).held_by).toEqual({ count: 2, gone_at: goneAt, kept_because: null });
  });

  it('clears the names of those who were missing', async () => {
    await using rig = await zkRig();
    await app.get(UserPoll).execute(rig.device, { actor: systemActor });
    rig.terminal.setUsers(USERS.slice(1));
    const { incident } = await app.get(UserPoll).execute(rig.device, { actor: systemActor });
    expect(await rows(IncidentUser, { incidentId: incident!.id })).toMatchObject([{ name: 'Mina 0' }]);
    expect(await erase(rig.device, '101')).toMatchObject({ live_state: 'absent' });
    expect(await rows(IncidentUser, { incidentId: incident!.id })).toMatchObject([{ name: null, cardNumber: null }]);
    expect(await rows(Incident, { id: incident!.id })).toMatchObject([{ state: 'open' }]);
  });

  it('takes out of a settled write what it holds, and nothing else of it can be changed', async () => {
    await using rig = await zkRig();
    await erase(rig.device, '101');
    const tamper = (change: string): Promise<unknown> =>
      app
        .get(SyncCoordinator)
        .withLease(deviceLockKey(rig.device.id), { service: 'test' }, (lease) =>
          lease.transaction((tx) =>
            tx.query(`update device_writes set ${change} where device_id = $1`, [rig.device.id]),
          ),
        );
    for (const change of [
      `before_sealed = 'v1.other'`,
      `reason = 'x', before_sealed = 'erased'`,
      `device_user_name = 'Mina'`,
      `state = 'open'`,
    ])
      await expect(tamper(change)).rejects.toThrow(/was settled as done and stays so|violates check/);
    expect(await rows(Erasure, { deviceId: rig.device.id })).toMatchObject([{ liveState: 'removed' }]);
  });
});
