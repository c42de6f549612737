import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BackupDrills, BackupKeys, BackupModule, BackupRestoreService, DrillTerminals } from '@app/backup';
import { ZkTerminal } from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { DrillModule } from '@app/drill';
import { DialInModule, DialInService } from '@app/dial-in';
import { administrator, SystemClock } from '@app/kernel';
import { Notifications } from '@app/notification';
import { aUser, BATCH_KINDS, openTestApp, RecordingNotifications, type RigPerson, type TestApp } from '@test/support';

jest.setTimeout(60_000);
const actor = administrator('account:mina');
const PEOPLE = Array.from({ length: 20 }, (_, i): RigPerson => ({
  user: aUser(i + 3, { userId: String(200 + i), card: 7_000 + i, privilege: 0, name: Buffer.from(`Mina ${i}`) }),
  fingers: Array.from({ length: i % 4 }, (_, finger) => ({
    finger,
    flag: 1,
    template: Buffer.from(`finger ${finger} of person ${i}, as it was enrolled`),
  })),
}));

let app: TestApp;
const notifications = new RecordingNotifications();

beforeAll(async () => {
  app = await openTestApp([BackupModule, DialInModule, DrillModule], {
    clock: new SystemClock(),
    env: { AIFACE_PORT: '0' },
    provide: [[Notifications, notifications]],
  });
  await app.get(BackupKeys).generate();
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

describe.each(BATCH_KINDS)('a drill of a backup: $name', (kind) => {
  it('finds that everybody comes out as they went in, and only then calls it good', async () => {
    await using terminal = await kind.start(app);
    terminal.setPeople(PEOPLE);
    await terminal.ready();
    const backup = await app.get(BackupRestoreService).backupDeviceUsers(terminal.device, { actor });
    expect((await app.get(BackupDrills).findDue()).map(({ id }) => id)).toContain(backup.id);
    const before = terminal.state();
    const drilled = await app.get(BackupDrills).drill(backup, actor);
    expect(drilled.report).toEqual({ good: true, users: 20, differences: [] });
    expect(drilled.backup).toMatchObject({ drillResult: 'good' });
    expect(terminal.state()).toEqual(before);
    expect((await app.get(BackupDrills).findDue()).map(({ id }) => id)).not.toContain(backup.id);
  });
});

it('names user and field when a terminal keeps something else', async () => {
  await using terminal = await BATCH_KINDS[0].start(app);
  terminal.setPeople(PEOPLE);
  const backup = await app.get(BackupRestoreService).backupDeviceUsers(terminal.device, { actor });
  const terminals = app.get<DrillTerminals>(DrillTerminals as never);
  const start = jest.spyOn(terminals, 'start').mockImplementationOnce(async (needs) => {
    const real = await Object.getPrototypeOf(terminals).start.call(terminals, needs);
    const copy = real.copy;
    real.copy = async (signal?: AbortSignal) => {
      const writer = await real.openWriter();
      const [user] = PEOPLE;
      const held = await writer.readUser(user.user.userId, 'attributes');
      await writer.update(held, writer.plan(held, { name: 'Somebody else' }));
      await writer.close();
      return copy(signal);
    };
    return real;
  });
  const { report, backup: drilled } = await app.get(BackupDrills).drill(backup, actor);
  start.mockRestore();
  expect(report).toMatchObject({ good: false, differences: ['200: name'] });
  expect(drilled).toMatchObject({ drillResult: 'failed', drillReason: '200: name' });
  expect(notifications.topics()).toContain('backup_drill_failed');
});

it('lets no other program of this machine read the terminal that it restores into', async () => {
  const terminals = app.get<DrillTerminals>(DrillTerminals as never);
  const started = jest.spyOn(ZkTerminal, 'start');
  const header = {
    protocol: 'zk',
    serial_number: 'DRILLED0001',
    users: 1,
    credentials: 1,
    fingerprint_algorithm: '10',
  };
  await using drill = await terminals.start({ header: header as never, recordWidth: 72 });
  const { port } = (await started.mock.results[0].value) as ZkTerminal;
  started.mockRestore();
  const target = { driver: 'zk', host: '127.0.0.1', port, transport: 'tcp', encoding: 'auto' } as const;
  const reading = app.get(DeviceGateway).openReader({ ...target, commKey: 0 });
  await expect(reading).rejects.toMatchObject({ code: 'device/unauthorised' });
  await drill.copy(); // who drills has the key
});
