import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import {
  BackupKeys,
  BackupModule,
  BackupRestoreService,
  RestoreItem,
  type RestoreResultView,
  Restores,
} from '@app/backup';
import { AppConfig } from '@app/config';
import { inventUsers, ZkTerminal } from '@app/device-emulator';
import { DeviceWrite } from '@app/device-writer';
import { administrator, SystemClock } from '@app/kernel';
import { UserPoll } from '@app/monitoring';
import { SyncCoordinator } from '@app/sync-coordinator';
import { deviceOf, openTestApp, TEST_TOKEN, type TestApp, until } from '@test/support';
import request from 'supertest';
import { ChaosProcess } from './child.js';
import { SIZES } from './sizes.js';

const USERS = SIZES.full ? 3_000 : 120;
const KILLS = SIZES.full ? 10 : 3;
const users = inventUsers({ count: USERS });
const templates = users.flatMap(({ slot }) =>
  [3, 6].map((finger) => ({
    slot,
    finger,
    flag: 1,
    template: Buffer.from(`finger ${finger} of slot ${slot}, as it was enrolled`.repeat(8)),
  })),
);
const actor = administrator('account:mina');

let app: TestApp;
let terminal: ZkTerminal;

beforeAll(async () => {
  app = await openTestApp([BackupModule], { clock: new SystemClock() });
  await app.get(BackupKeys).generate();
});
afterAll(async () => app[Symbol.asyncDispose]());
afterEach(async () => {
  await ChaosProcess.endAll();
  await terminal.stop();
});

/** What a dead process held is free again, as it would be five minutes and fifteen seconds later. */
async function letTimePassFor(pid: number | undefined): Promise<void> {
  const { dataSource } = app.database;
  const sessions = 'select from pg_stat_activity where application_name = $1';
  await until(async () => (await dataSource.query<unknown[]>(sessions, [`holdfast-chaos ${pid}`])).length === 0);
  await dataSource.query(
    `update sync_locks set expires_at = clock_timestamp() - interval '1 s' where acquired_by like $1`,
    [`%:${pid}`],
  );
  await app.get(SyncCoordinator).cleanupExpiredLocks();
  await dataSource.query('update sync_locks set writes_not_before = null');
}

it(
  `brings everybody of a wiped terminal back in one call: ${USERS} users with two fingers each`,
  async () => {
    terminal = await ZkTerminal.start({ users, templates, transports: ['tcp'], serialNumber: 'WIPED1' });
    const device = await deviceOf(app.database.dataSource, terminal);
    const enrolled = terminal.snapshot();
    await app.get(UserPoll).execute(device, { actor });
    await app.get(BackupRestoreService).backupDeviceUsers(device, { actor });
    terminal.setUsers([]);
    terminal.state.clearTemplates();
    const { incident } = await app.get(UserPoll).execute(device, { actor });
    expect(incident).toMatchObject({ level: 'hard_trip', missingUsers: USERS });
    const call = (body: object): request.Test =>
      request(app.app.getHttpServer())
        .post(`/api/device-users/incidents/${incident!.id}/restore`)
        .auth(TEST_TOKEN, { type: 'bearer' })
        .send(body);
    const plan = (await call({ dry_run: true }).expect(200)).body as RestoreResultView;
    expect(plan.counts).toMatchObject({ create: USERS, update: 0, refused: 0, credentials_added: expect.any(Number) });
    const result = (await call({ confirm_tripped: true }).expect(200)).body as RestoreResultView;
    expect(result.counts).toMatchObject({ restored: USERS, failed: 0, waiting: 0 });
    expect(terminal.snapshot()).toBe(enrolled);
    const { body } = await request(app.app.getHttpServer())
      .get(`/api/device-users/incidents/${incident!.id}`)
      .auth(TEST_TOKEN, { type: 'bearer' });
    expect(body).toMatchObject({ state: 'recovered' });
  },
  SIZES.testMs,
);

it(
  `comes to the same end when its process is killed ${KILLS} times on the way`,
  async () => {
    terminal = await ZkTerminal.start({
      users,
      templates,
      transports: ['tcp'],
      connections: 'many',
      serialNumber: 'KILLED1',
    });
    const { dataSource } = app.database;
    const device = await deviceOf(dataSource, terminal);
    const enrolled = terminal.snapshot();
    const backup = await app.get(BackupRestoreService).backupDeviceUsers(device, { actor });
    terminal.setUsers([]);
    terminal.state.clearTemplates();
    const service = app.get(BackupRestoreService);
    const { restore } = await service.planRestore(backup.filename, { actor });
    const task = { url: app.database.url, dataDir: app.get(AppConfig).dataDir, restoreId: restore.id };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const worker = ChaosProcess.start('restore-worker.mjs', task);
      await worker.reaches('booted');
      // Some users later, wherever it is then: in the middle of a user, before or after the database knows of it.
      const goal = Math.min(
        terminal.state.records.size + 1 + Math.floor((Math.random() * USERS) / (KILLS + 1)),
        USERS - 1,
      );
      await until(() => terminal.state.records.size >= goal);
      await worker.kill();
      await letTimePassFor(worker.pid);
    }
    const last = ChaosProcess.start('restore-worker.mjs', task);
    await last.finished();
    const { tally } = await app.get(Restores).describe(restore.id);
    expect(tally).toMatchObject({ done: USERS, failed: 0, planned: 0 });
    expect(terminal.snapshot()).toBe(enrolled);
    expect(await dataSource.getRepository(DeviceWrite).countBy({ deviceId: device.id, state: 'open' })).toBe(0);
    expect(await dataSource.getRepository(RestoreItem).countBy({ restoreId: restore.id, state: 'done' })).toBe(USERS);
  },
  SIZES.testMs,
);
