import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  BACKUP_OPTIONS,
  BackupKeys,
  BackupModule,
  BackupRestoreService,
  BackupSchedule,
  BackupUpkeep,
  DeviceBackup,
  DeviceGuards,
  GuardSchedule,
} from '@app/backup';
import { inventTemplates, inventUsers, ZkTerminal } from '@app/device-emulator';
import { DeviceUserDeletions } from '@app/device-writer';
import { Device } from '@app/devices';
import { AuditEntry } from '@app/audit';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { UserPoll } from '@app/monitoring';
import { Notifications } from '@app/notification';
import { deviceOf, ManualClock, openTestApp, RecordingNotifications, type TestApp } from '@test/support';
import fc from 'fast-check';

jest.setTimeout(120_000);
const HOUR_MS = 60 * 60_000;
const actor = administrator('account:mina');
const users = inventUsers({ count: 12 });

let app: TestApp;
let clock: ManualClock;
const notifications = new RecordingNotifications();
const terminals: ZkTerminal[] = [];

beforeAll(async () => {
  clock = new ManualClock(new Date('2026-03-01T00:00:00Z'));
  app = await openTestApp([BackupModule], { clock, provide: [[Notifications, notifications]] });
  await app.get(BackupKeys).generate();
});
afterAll(async () => app[Symbol.asyncDispose]());
afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.stop();
  await app.database.dataSource.query('update devices set enabled = false');
  notifications.clear();
});

async function aTerminal(): Promise<{ terminal: ZkTerminal; device: Device }> {
  const serialNumber = `SN${Math.random()}`;
  const terminal = await ZkTerminal.start({
    users,
    templates: inventTemplates(users),
    transports: ['tcp'],
    connections: 'many',
    serialNumber,
  });
  terminals.push(terminal);
  await app.database.dataSource.getRepository(Device).update({ port: terminal.port }, { enabled: false });
  return { terminal, device: await deviceOf(app.database.dataSource, terminal) };
}

const backupsOf = ({ id }: Device): Promise<DeviceBackup[]> =>
  app.database.dataSource.getRepository(DeviceBackup).find({ where: { deviceId: id }, order: { takenAt: 'ASC' } });

async function failuresOf({ id }: Device): Promise<number> {
  return app.database.dataSource.getRepository(AuditEntry).countBy({ deviceId: id, operation: 'backup_failed' });
}

/** The schedule looks every half minute; in a test, at each step. */
async function pass(ms: number, stepMs = 10 * 60_000): Promise<void> {
  for (let done = 0; done < ms; done += stepMs) {
    clock.advance(stepMs);
    await app.get(BackupSchedule).beginDue();
    await app.get(BackupSchedule).idle();
  }
}

describe('the schedule of backups', () => {
  it('Property 30: every window of six hours has a backup, or a failed attempt that was told and is tried again', async () => {
    const story = fc.array(fc.record({ hours: fc.integer({ min: 1, max: 9 }), reachable: fc.boolean() }), {
      minLength: 2,
      maxLength: 4,
    });
    for (const stages of fc.sample(story, process.env.CHAOS === 'full' ? 100 : 6)) {
      const { terminal, device } = await aTerminal();
      const begun = clock.now().getTime();
      const failed: number[] = [];
      for (const { hours, reachable } of stages) {
        terminal.faults = reachable ? {} : { answers: [{ step: 'bulk', effect: { kind: 'refuse', code: 2001 } }] };
        for (let hour = 0; hour < hours; hour += 1) {
          const before = await failuresOf(device);
          await pass(HOUR_MS);
          if ((await failuresOf(device)) > before) failed.push(clock.now().getTime());
          const { intervalMs } = app.app.get<{ intervalMs: number }>(BACKUP_OPTIONS);
          const made = (await backupsOf(device)).map(({ takenAt }) => takenAt.getTime());
          const last = Math.max(begun, ...made, ...failed);
          expect(clock.now().getTime() - last).toBeLessThanOrEqual(intervalMs);
        }
      }
      if (failed.length > 0) expect(notifications.topics()).toContain('backup_failed');
      await app.database.dataSource.query('update devices set enabled = false where id = $1', [device.id]);
      notifications.clear();
    }
  });

  it('tells a row of failures once, and its end', async () => {
    const { terminal, device } = await aTerminal();
    terminal.faults = { answers: [{ step: 'bulk', effect: { kind: 'refuse', code: 2001 } }] };
    await pass(3 * HOUR_MS);
    expect(await failuresOf(device)).toBeGreaterThan(2);
    expect(notifications.topics()).toEqual(['backup_failed']);
    terminal.faults = {};
    await pass(2 * HOUR_MS);
    expect(notifications.topics()).toEqual(['backup_failed', 'backup_recovered']);
    expect(await backupsOf(device)).toHaveLength(1);
  });

  it('begins nothing once it was stopped, until it is started again', async () => {
    const { device } = await aTerminal();
    app.get(BackupRestoreService).stopAutoBackup();
    await pass(2 * HOUR_MS);
    expect(await backupsOf(device)).toHaveLength(0);
    app.get(BackupRestoreService).startAutoBackup();
    await pass(HOUR_MS);
    expect(await backupsOf(device)).toHaveLength(1);
  });

  it('removes what is old, and keeps the newest for ever', async () => {
    const { device } = await aTerminal();
    await pass(25 * HOUR_MS, 30 * 60_000);
    const made = await backupsOf(device);
    expect(made.length).toBeGreaterThan(3);
    clock.advance(40 * 24 * HOUR_MS);
    await app.get(BackupUpkeep).removeOld(actor);
    const left = (await backupsOf(device)).filter(({ state }) => state === 'valid');
    expect(left.map(({ filename }) => filename)).toEqual([made.at(-1)!.filename]);
    const looked = [];
    for await (const { result } of app.get(BackupUpkeep).verifyAll(actor, device.id)) looked.push(result);
    expect(looked).toEqual(['valid']);
  });
});

describe('before a user is deleted', () => {
  it('a backup of the last six hours holds him, or is made', async () => {
    const { device } = await aTerminal();
    const [first] = users.map(({ userId }) => canonicalDeviceUserId(userId));
    const reason = 'left the school';
    await app.get(DeviceUserDeletions).delete(device, first, { reason, actor });
    expect(await backupsOf(device)).toMatchObject([{ trigger: 'before_deletion', userCount: 12 }]);
    const { device: other } = await aTerminal();
    await app.get(BackupRestoreService).backupDeviceUsers(other, { actor });
    await app.get(DeviceUserDeletions).delete(other, first, { reason, actor });
    expect(await backupsOf(other)).toMatchObject([{ trigger: 'request', userCount: 12 }]);
  });

  it('nobody is deleted when the backup cannot be made', async () => {
    const { terminal, device } = await aTerminal();
    terminal.faults = { lies: { userCounter: 1 } };
    const [first] = users.map(({ userId }) => canonicalDeviceUserId(userId));
    await expect(
      app.get(DeviceUserDeletions).delete(device, first, { reason: 'left the school', actor }),
    ).rejects.toThrow(/counts/);
    expect(terminal.users()).toHaveLength(12);
  });
});

describe('the guard of a terminal', () => {
  async function lose(terminal: ZkTerminal, device: Device, count: number): Promise<void> {
    terminal.mishaps.deleteAtKeypad(
      users.slice(0, count).map(({ userId }) => userId),
      1,
    );
    await app.get(UserPoll).execute(device, { actor });
  }

  it('does nothing unless it was switched on; then it heals within its bounds, and says so', async () => {
    const { terminal, device } = await aTerminal();
    await app.get(UserPoll).execute(device, { actor });
    await app.get(BackupRestoreService).backupDeviceUsers(device, { actor });
    const enrolled = terminal.snapshot();
    await lose(terminal, device, 1);
    await app.get(GuardSchedule).healLosses();
    expect(terminal.users()).toHaveLength(11);
    await app.get(DeviceGuards).change(device.id, { enabled: true, usersPerDay: 1 }, actor);
    await app.get(GuardSchedule).healLosses();
    expect(terminal.snapshot()).toBe(enrolled);
    expect(notifications.topics()).toEqual(expect.arrayContaining(['guard_healed', 'incident_closed']));
    notifications.clear();
    await lose(terminal, device, 1);
    await app.get(GuardSchedule).healLosses();
    await app.get(GuardSchedule).healLosses();
    expect(terminal.users()).toHaveLength(11);
    expect(notifications.topics().filter((topic) => topic === 'guard_declined')).toHaveLength(1);
    expect(notifications.announced.find(({ topic }) => topic === 'guard_declined')?.headline).toMatch(/budget of 1/);
  });

  it('leaves what is worse than allowed to people', async () => {
    const { terminal, device } = await aTerminal();
    await app.get(UserPoll).execute(device, { actor });
    await app.get(BackupRestoreService).backupDeviceUsers(device, { actor });
    await app.get(DeviceGuards).change(device.id, { enabled: true, usersPerDay: 100 }, actor);
    await lose(terminal, device, 6);
    await app.get(GuardSchedule).healLosses();
    expect(terminal.users()).toHaveLength(6);
    await app.get(DeviceGuards).change(device.id, { highestLevel: 'hard_trip' }, actor);
    terminal.mishaps.deleteAtKeypad([users[6].userId], 1);
    await app.get(UserPoll).execute(device, { actor });
    await app.get(GuardSchedule).healLosses();
    expect(terminal.users()).toHaveLength(12);
  });
});
