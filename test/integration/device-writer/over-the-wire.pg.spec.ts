import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { inventUsers, ZkTerminal } from '@app/device-emulator';
import { DeviceWriterModule, TerminalHeadcount } from '@app/device-writer';
import { SystemClock } from '@app/kernel';
import { deviceOf, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';

const users = inventUsers({ count: 200 });
let app: TestApp;
let terminal: ZkTerminal;

beforeAll(async () => {
  terminal = await ZkTerminal.start({ users });
  for (const { slot } of users.slice(0, 60))
    terminal.state.putTemplate({ slot, finger: 6, flag: 1, template: Buffer.alloc(500, slot) });
  app = await openTestApp([DeviceWriterModule], { clock: new SystemClock() });
});
afterAll(async () => {
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
