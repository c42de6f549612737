import { copyFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AasRead } from '@app/aas';
import { AuditEntry } from '@app/audit';
import { BufferedUser } from '@app/buffer';
import { type Device } from '@app/devices';
import { RetrySchedule, systemActor } from '@app/kernel';
import { Punch } from '@app/punches';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { AasRealtimeSync, SyncRunRow, syncRunView, SyncServicesModule } from '@app/sync-services';
import { aasFixture, aDevice, anAasFolder, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';

let folder: Awaited<ReturnType<typeof anAasFolder>>;
let app: TestApp;
let front: Device;
let hall: Device;

beforeAll(async () => {
  folder = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
  const env = { AAS_PATH: folder.path, AAS_DEVICES: '1=front-door, 2=hall' };
  const coordination = { ttlMs: 60_000, retries: new RetrySchedule(0, 1) };
  app = await openTestApp([SyncServicesModule], { env, coordination });
  front = await aDevice(app.database.dataSource, { slug: 'front-door', timeZone: 'Africa/Addis_Ababa' });
  hall = await aDevice(app.database.dataSource, { slug: 'hall', timeZone: 'Africa/Addis_Ababa' });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const live = (): string => join(folder.path, 'tmkq.mdb');
const sync = (): ReturnType<AasRealtimeSync['syncChanged']> =>
  app.get(AasRealtimeSync).syncChanged({ actor: systemActor });
const countPunches = (deviceId: string): Promise<number> =>
  app.database.dataSource.getRepository(Punch).count({ where: { deviceId } });
const reads = (): Promise<AasRead[]> => app.database.dataSource.getRepository(AasRead).find({ order: { id: 'ASC' } });
const runs = (): Promise<SyncRunRow[]> =>
  app.database.dataSource.getRepository(SyncRunRow).find({ order: { id: 'ASC' } });

describe('aasRealtimeSync', () => {
  it('gives up a device that somebody else holds, serves the others, and loses nothing by it', async () => {
    const held = await app.get(SyncCoordinator).acquireLock(deviceLockKey(front.id), { service: 'backup' });
    const left = { punchesWithoutDevice: 2 }; // typed in at a desk, at clock 0
    expect(await sync()).toEqual({ filesRead: 1, filesRefused: 0, runsFailed: 1, punchesImported: 1_035, ...left });
    await app.get(SyncCoordinator).releaseLock(held);
    expect((await runs()).map(({ deviceId, outcome }) => [deviceId, outcome])).toEqual([
      [front.id, 'busy'],
      [hall.id, 'succeeded'],
    ]);
    expect(await reads()).toEqual([]); // so that the file is looked at again
  });

  it('imports the punches of each clock into its device, once, as runs of their own, and proves nobody’s presence', async () => {
    expect(await sync()).toEqual({
      filesRead: 1,
      filesRefused: 0,
      runsFailed: 0,
      punchesImported: 1_963,
      punchesWithoutDevice: 2,
    });
    expect((await reads()).at(-1)?.warnings).toEqual([expect.stringMatching(/^2 punches are of clocks/)]);
    expect([await countPunches(front.id), await countPunches(hall.id)]).toEqual([1_963, 1_035]);
    expect(await sync()).toMatchObject({ filesRead: 0, filesRefused: 0, punchesImported: 0 });
    const { dataSource } = app.database;
    expect((await runs()).slice(2)).toMatchObject([
      { deviceId: front.id, service: 'aasRealtimeSync', outcome: 'succeeded', usersRead: null, punchesImported: 1_963 },
      { deviceId: hall.id, outcome: 'succeeded', punchesImported: 0, proof: { provesPresence: false } },
    ]);
    const shown = syncRunView((await runs()).at(-1)!).proof;
    expect(shown).toMatchObject({
      source: 'aas',
      proves_presence: false,
      tables: expect.arrayContaining([{ table: 'TimeRecords', rows: 3_000 }]),
    });
    expect(await dataSource.getRepository(BufferedUser).count()).toBe(0);
    const told = await dataSource
      .getRepository(AuditEntry)
      .find({ where: { deviceId: hall.id }, order: { id: 'ASC' } });
    const aRun = ['lease_acquired', 'sync_run_finished', 'lease_released'];
    expect(told.map(({ operation }) => operation)).toEqual([...aRun, ...aRun]);
    const [punch] = await dataSource.getRepository(Punch).find({ where: { wallTime: '2026-01-12 07:54:07' } });
    expect(punch).toMatchObject({ deviceUserId: '2', instant: new Date('2026-01-12T04:54:07Z'), source: 'aas' });
  });

  it('reads a file again when it has changed, and imports only what is new', async () => {
    await utimes(live(), new Date(), new Date(Date.now() - 5_000));
    expect(await sync()).toMatchObject({ filesRead: 1, filesRefused: 0, punchesImported: 0 });
  });

  it('refuses a file that was cut, notes it once, and goes on when it is whole again', async () => {
    const before = (await reads()).length;
    await truncate(live(), 400_000);
    expect(await sync()).toMatchObject({ filesRefused: 1 });
    expect(await sync()).toMatchObject({ filesRead: 0, filesRefused: 0 });
    const refused = (await reads()).slice(before);
    expect(refused).toMatchObject([{ outcome: 'refused', errorCode: 'aas/damaged' }]);
    expect(await countPunches(front.id)).toBe(1_963);
    await copyFile(aasFixture('tmkq.mdb'), live());
    expect(await sync()).toMatchObject({ filesRead: 1, punchesImported: 0 });
  });

  it('refuses a protected file beside a good daily copy, and says when AAS has its only file open', async () => {
    await copyFile(aasFixture('tmkq-password.mdb'), live());
    await copyFile(aasFixture('tmkq.mdb'), join(folder.path, '7tmkqbak.mdb'));
    expect(await sync()).toMatchObject({ filesRead: 1, filesRefused: 1, punchesImported: 0 });
    await writeFile(join(folder.path, 'tmkq.ldb'), '');
    await rm(join(folder.path, '7tmkqbak.mdb'));
    expect(await sync()).toMatchObject({ filesRead: 0 });
    expect((await reads()).at(-1)).toMatchObject({ outcome: 'refused', errorCode: 'aas/file-locked', role: null });
    const entries = await app.database.dataSource
      .getRepository(AuditEntry)
      .find({ where: { operation: 'aas_file_refused' } });
    expect(entries.length).toBe(3);
    expect(JSON.stringify(entries)).not.toContain('fixture-pw');
  });

  it('shows over HTTP what was read, what was refused, and whom AAS knows', async () => {
    const get = async (path: string): Promise<unknown> =>
      (
        await request(app.app.getHttpServer() as never)
          .get(path)
          .set('Authorization', `Bearer ${TEST_TOKEN}`)
          .expect(200)
      ).body;
    const status = (await get('/api/aas')) as { reads: { outcome: string }[] };
    expect(status).toMatchObject({ path: folder.path, proves_presence_on_terminal: false });
    expect(new Set(status.reads.map(({ outcome }) => outcome))).toEqual(new Set(['read', 'refused']));
    expect(await get('/api/aas/employees')).toHaveLength(60);
  });
});
