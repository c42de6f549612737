import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditChain, AuditEntry } from '@app/audit';
import {
  DeviceUserDeletions,
  DeviceWrite,
  DeviceWriteService,
  OpenWrites,
  WriteConsequence,
  WriteConsequences,
  type WriteStep,
} from '@app/device-writer';
import { type Device } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import {
  aDevice,
  aScriptedUser,
  ManualClock,
  openWriterApp,
  RecordingObserver,
  ScriptedWriterTerminal,
  type TestApp,
} from '@test/support';
import { type DataSource } from 'typeorm';

const ID = canonicalDeviceUserId('12');
const actor = administrator('account:mina');
const clock = new ManualClock();
const observer = new RecordingObserver();
const terminal = new ScriptedWriterTerminal();
let app: TestApp;
let dataSource: DataSource;
let device: Device;
let applied = 0;

class Counting extends WriteConsequence {
  readonly purpose = 'counting';
  async apply(): Promise<void> {
    applied += 1;
  }
}

beforeAll(async () => {
  app = await openWriterApp(terminal, { clock, observer });
  ({ dataSource } = app.database);
  app.get(WriteConsequences).register(new Counting());
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  device = await aDevice(dataSource);
  terminal.users.clear();
  terminal.enrol(aScriptedUser('12'));
  terminal.log.length = 0;
  terminal.reachable = true;
  terminal.onWrite = async (_kind, apply) => apply();
  observer.at = async () => undefined;
  applied = 0;
  clock.onSleep = undefined;
});

/** A writer that disappears at a step, as a killed process does: its intent is open, its lease is over. */
async function writerDies(at: WriteStep, purpose = 'counting'): Promise<void> {
  const dead = new Error('killed');
  observer.at = async (step) => {
    if (step === at) throw dead;
  };
  await expect(
    app.get(DeviceWriteService).perform(device, {
      kind: 'update',
      change: { name: 'Mina' },
      deviceUserId: ID,
      actor,
      purpose,
      reason: 'wedding',
    }),
  ).rejects.toThrow(/killed/);
  observer.at = async () => undefined;
  terminal.log.length = 0;
}

async function theWrite(): Promise<DeviceWrite> {
  return dataSource.getRepository(DeviceWrite).findOneByOrFail({ deviceId: device.id });
}

async function storyOf(): Promise<string[]> {
  const entries = await dataSource
    .getRepository(AuditEntry)
    .find({ where: { deviceId: device.id }, order: { id: 'ASC' } });
  return entries.map(({ operation }) => operation).filter((operation) => operation.startsWith('device_write'));
}

describe('a write that was left open', () => {
  it('is settled as done by reading, with its consequence, once; nothing is written again', async () => {
    await writerDies('sent');
    await app.get(OpenWrites).settleAll();
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'done', settledHow: 'read after restart', errorCode: null });
    expect(applied).toBe(1);
    expect(terminal.log).toEqual(['open', 'read attributes']);
    expect(await storyOf()).toEqual(['device_write_intended', 'device_write_done']);
    const entries = await dataSource
      .getRepository(AuditEntry)
      .findBy({ operation: 'device_write_done', deviceId: device.id });
    expect(entries.map(({ performedBy }) => performedBy)).toEqual(['account:mina']);
  });

  it('is settled as not done when nothing had arrived', async () => {
    terminal.onWrite = async () => undefined;
    await writerDies('sent');
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'not_done', errorCode: 'device-writer/interrupted' });
    expect(applied).toBe(0);
    expect(terminal.writesReceived).toEqual([]);
  });

  it('is undetermined when the user is something else, and left as it is', async () => {
    await writerDies('sent');
    terminal.enrol(aScriptedUser('12', { name: 'Mi' }));
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'undetermined' });
    expect(terminal.writesReceived).toEqual([]);
    expect(await storyOf()).toEqual(['device_write_intended', 'device_write_undetermined']);
  });

  it('stays open while its terminal cannot be reached, and does not keep those of others open', async () => {
    await writerDies('sent');
    const unreachable = await theWrite();
    terminal.reachable = false;
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toEqual(unreachable);
    terminal.reachable = true;
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'done' });
  });

  it('stays open in a process that does not know its purpose, or has another key', async () => {
    await writerDies('sent');
    await using stranger = await openWriterApp(terminal, { clock, database: app.database });
    await stranger.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'open' });
    expect(terminal.log).not.toContain('read attributes');
    stranger.get(WriteConsequences).register(new Counting());
    await stranger.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'open' });
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'done' });
    expect(applied).toBe(1);
  });

  it('is left alone while its writer, or anybody, is at the device', async () => {
    await writerDies('sent');
    await app.get(SyncCoordinator).withLease(deviceLockKey(device.id), { service: 'backup' }, async () => {
      await app.get(OpenWrites).settleAll();
      expect(await theWrite()).toMatchObject({ state: 'open' });
    });
    expect(terminal.log).toEqual([]);
    await app.get(OpenWrites).settleAll();
  });

  it('is not read before whatever its writer sent last must have arrived', async () => {
    await writerDies('intended');
    await dataSource.query(
      `update sync_locks set holder_nonce = gen_random_uuid(), acquired_by = 'deviceWriter@dead:1', acquired_at = clock_timestamp(),
              expires_at = clock_timestamp() - interval '1 s' where lock_key = $1`,
      [deviceLockKey(device.id)],
    );
    clock.onSleep = async () => {
      terminal.enrol(aScriptedUser('12', { name: 'Mina' })); // the late command
      await dataSource.query('update sync_locks set writes_not_before = clock_timestamp() where lock_key = $1', [
        deviceLockKey(device.id),
      ]);
    };
    await app.get(OpenWrites).settleAll();
    expect(await theWrite()).toMatchObject({ state: 'done' });
  });

  it('is settled once when several servers find it', async () => {
    await writerDies('sent');
    await Promise.all([1, 2, 3].map(() => app.get(OpenWrites).settleAll()));
    expect(applied).toBe(1);
    expect(await storyOf()).toEqual(['device_write_intended', 'device_write_done']);
  });
});

describe('a deletion that was left open', () => {
  it('is settled with all that belongs to it, and can be undone', async () => {
    const deletions = app.get(DeviceUserDeletions);
    terminal.enrol(aScriptedUser('13'), aScriptedUser('14'));
    observer.at = async (step) => {
      if (step === 'sent') throw new Error('killed');
    };
    const reason = 'left the school';
    await expect(deletions.delete(device, ID, { reason, actor })).rejects.toThrow(/killed/);
    observer.at = async () => undefined;
    expect(await deletions.findDeletedAfter(device.id, '0')).toEqual(new Set([ID]));
    expect((await deletions.list({ limit: 1 })).items).toMatchObject([{ state: 'open', user: { deletedAt: null } }]);
    await app.get(OpenWrites).settleAll();
    const [{ user, state }] = (await deletions.list({ limit: 1 })).items;
    expect({ state, deletedAt: user.deletedAt }).toEqual({ state: 'done', deletedAt: expect.any(Date) });
    const [entry] = await dataSource
      .getRepository(AuditEntry)
      .findBy({ operation: 'user_deleted', deviceId: device.id });
    expect(entry).toMatchObject({ deviceUserId: '12', deviceUserName: 'User 12', performedBy: 'account:mina' });
    expect(entry.details).toMatchObject({ reason });
    await deletions.undo(user.id, actor);
    expect(terminal.users.get('12')).toEqual(aScriptedUser('12'));
    expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
  });
});
