import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AifaceTerminal, aifaceUserOf, inventUsers, ZkTerminal } from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { DeviceWriterModule, OpenWrites, TerminalHeadcount, WriteObserver } from '@app/device-writer';
import { DialInModule, DialInService } from '@app/dial-in';
import { SystemClock } from '@app/kernel';
import { aDevice, deviceOf, dialInUrl, openTestApp, RecordingObserver, TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';

const users = inventUsers({ count: 200 });
const observer = new RecordingObserver();
let app: TestApp;
let terminal: ZkTerminal;

beforeAll(async () => {
  terminal = await ZkTerminal.start({ users });
  for (const { slot } of users.slice(0, 60))
    terminal.state.putTemplate({ slot, finger: 6, flag: 1, template: Buffer.alloc(500, slot) });
  app = await openTestApp([DeviceWriterModule, DialInModule], {
    clock: new SystemClock(),
    env: { AIFACE_PORT: '0' },
    provide: [[WriteObserver, observer]],
  });
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
  await terminal.stop();
});

it('a user of a ZK terminal is deleted and brought back bit for bit, within 2 % of its users a day', async () => {
  const device = await deviceOf(app.database.dataSource, terminal);
  expect(await app.get(TerminalHeadcount).count(device)).toBe(200);
  const everybody = terminal.snapshot();
  const server = app.app.getHttpServer();
  const deletions: string[] = [];
  for (const [nth, { userId }] of users.slice(0, 3).entries()) {
    const { body } = await request(server)
      .delete(`/api/device-users/${device.id}/${userId}`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`)
      .send({ reason: 'left the school' })
      .expect(200);
    deletions.push(body.id as string);
    expect(terminal.users().map((user) => user.userId)).toEqual(users.slice(nth + 1).map((user) => user.userId));
  }
  await request(server)
    .delete(`/api/device-users/${device.id}/${users[3].userId}?reason=one%20too%20many`)
    .set('Authorization', `Bearer ${TEST_TOKEN}`)
    .expect(429); // 2 % of 197 are 3, and so many are gone
  for (const id of deletions) {
    await request(server)
      .post(`/api/device-users/deletions/${id}/undo`)
      .set('Authorization', `Bearer ${TEST_TOKEN}`)
      .expect(200);
  }
  expect(terminal.snapshot()).toBe(everybody);
  expect(terminal.state.disabled).toBe(false);
});

it('a user of an AiFace terminal is deleted and brought back with every credential, also by a settlement', async () => {
  const serialNumber = 'WIRE0000001';
  const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
  const device = await aDevice(app.database.dataSource, reach);
  const people = inventUsers({ count: 120 }).map(aifaceUserOf);
  const [{ enrollId, credentials }] = people;
  const whole = { ...people[0], credentials: new Map([...credentials, [0, 'ab'.repeat(300)], [10, 4711]]) };
  await using aiface = AifaceTerminal.start({
    server: await dialInUrl(app),
    serialNumber,
    users: [whole, ...people.slice(1)],
    redialMs: 5,
  });
  await aiface.until(() => aiface.isRegistered && app.get(DeviceGateway).isConnected(serialNumber));
  expect(await app.get(TerminalHeadcount).count(device)).toBe(120);
  // The terminal lists whoever came last at the end.
  const held = (): string[] =>
    aiface
      .users()
      .map((user) => JSON.stringify([user, [...user.credentials].toSorted(([a], [b]) => a - b)]))
      .toSorted();
  const everybody = held();
  const server = app.app.getHttpServer();
  const { body } = await request(server)
    .delete(`/api/device-users/${device.id}/${enrollId}`)
    .set('Authorization', `Bearer ${TEST_TOKEN}`)
    .send({ reason: 'left the school' })
    .expect(200);
  expect(held()).toHaveLength(119);
  expect(everybody).toEqual(expect.arrayContaining(held()));
  // The undo loses its process once everything was sent; reading finds out.
  observer.at = async (step) => {
    if (step === 'sent') throw new Error('killed');
  };
  const undo = request(server)
    .post(`/api/device-users/deletions/${body.id}/undo`)
    .set('Authorization', `Bearer ${TEST_TOKEN}`);
  expect((await undo.expect(503)).body.code).toBe('device-writer/unsettled');
  observer.at = async () => undefined;
  expect(held()).toEqual(everybody);
  await app.get(OpenWrites).settleAll();
  const list = await request(server)
    .get(`/api/device-users/deletions?device_id=${device.id}`)
    .set('Authorization', `Bearer ${TEST_TOKEN}`);
  expect(list.body.items).toMatchObject([{ id: body.id, state: 'undone' }]);
});
