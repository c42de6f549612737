import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry, DeviceUserAuditService } from '@app/audit';
import { AppConfig } from '@app/config';
import { type Tx } from '@app/database';
import { DeviceError } from '@app/device-gateway';
import {
  DeviceWrite,
  DeviceWriteService,
  OutcomeUnknownError,
  WriteConsequence,
  WriteConsequences,
  type WriteRequest,
} from '@app/device-writer';
import { type Device } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { deviceLockKey } from '@app/sync-coordinator';
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

/** Counts how often "done" had its consequence. */
class Renaming extends WriteConsequence {
  readonly purpose = 'renaming';
  applied: DeviceWrite[] = [];
  failing = false;
  async apply(_tx: Tx, write: DeviceWrite): Promise<void> {
    if (this.failing) throw new Error('the consequence fails');
    this.applied.push(write);
  }
}

const clock = new ManualClock();
const observer = new RecordingObserver();
const terminal = new ScriptedWriterTerminal();
const renaming = new Renaming();
let app: TestApp;
let dataSource: DataSource;
let service: DeviceWriteService;
let device: Device;

beforeAll(async () => {
  app = await openWriterApp(terminal, { clock, observer });
  ({ dataSource } = app.database);
  service = app.get(DeviceWriteService);
  app.get(WriteConsequences).register(renaming);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  device = await aDevice(dataSource);
  terminal.users.clear();
  terminal.enrol(aScriptedUser('12'), aScriptedUser('13'));
  terminal.log.length = 0;
  terminal.onRead = async () => undefined;
  terminal.onWrite = async (_kind, apply) => apply();
  terminal.reachable = true;
  observer.steps.length = 0;
  observer.at = async () => undefined;
  renaming.applied = [];
  renaming.failing = false;
  clock.sleeps.length = 0;
});

function rename(change: Partial<WriteRequest> = {}): WriteRequest {
  return {
    kind: 'update',
    change: { name: 'Mina' },
    deviceUserId: ID,
    actor,
    purpose: 'renaming',
    reason: 'wedding',
    ...change,
  } as WriteRequest;
}

function writesOf(): Promise<DeviceWrite[]> {
  return dataSource.getRepository(DeviceWrite).find({ where: { deviceId: device.id }, order: { id: 'ASC' } });
}

async function storyOf(): Promise<string[]> {
  const entries = await dataSource
    .getRepository(AuditEntry)
    .find({ where: { deviceId: device.id }, order: { id: 'ASC' } });
  return entries.map(({ operation }) => operation);
}

describe('a write that is done', () => {
  it('is told in this order: lease, read, intent and its entry, write, read back, done with its consequence', async () => {
    const intentsAtWrite: unknown[] = [];
    terminal.onWrite = async (_kind, apply) => {
      intentsAtWrite.push(
        (await writesOf()).map(({ state }) => state),
        await storyOf(),
      );
      apply();
    };
    const { write, before, after } = await service.perform(device, rename());
    expect(intentsAtWrite).toEqual([['open'], ['lease_acquired', 'device_write_intended']]);
    expect(terminal.log).toEqual(['open', 'read attributes', 'update', 'read attributes']);
    expect(observer.steps).toEqual(['leased', 'read', 'intended', 'ready', 'sent', 'read-back', 'settled']);
    expect(await storyOf()).toEqual(['lease_acquired', 'device_write_intended', 'device_write_done', 'lease_released']);
    expect(write).toMatchObject({
      state: 'done',
      settledHow: 'read back',
      requestedBy: 'account:mina',
      reason: 'wedding',
    });
    expect(renaming.applied.map(({ id }) => id)).toEqual([write.id]);
    expect([before?.user.details?.name, after?.user.details?.name]).toEqual(['User 12', 'Mina']);
    expect(terminal.users.get('12')).toEqual(aScriptedUser('12', { name: 'Mina' }));
    expect(terminal.openSessions).toBe(0);
  });

  it('leaves neither PIN nor template in the journal or the audit log, and the images sealed', async () => {
    terminal.enrol(aScriptedUser('12', { pin: '90210', templates: ['secret-finger'] }));
    await service.perform(device, rename({ purpose: 'renaming' }));
    const all = JSON.stringify([await writesOf(), await dataSource.getRepository(AuditEntry).find()]);
    expect(all).not.toMatch(/90210|secret-finger/);
    for (const secret of ['90210', 'secret-finger'])
      expect(all).not.toContain(Buffer.from(secret).toString('base64').slice(0, 6));
    expect((await writesOf())[0].beforeSealed).toMatch(/^v1\./);
  });

  it('sends nothing when the user is as wanted already, and its consequence runs', async () => {
    terminal.enrol(aScriptedUser('12', { name: 'Mina' }));
    const { write } = await service.perform(device, rename());
    expect(terminal.writesReceived).toEqual([]);
    expect(write.state).toBe('done');
    expect(renaming.applied).toHaveLength(1);
  });

  it('is believed by its read back, whatever the terminal answered', async () => {
    terminal.onWrite = async (_kind, apply) => {
      apply();
      throw new OutcomeUnknownError('no answer');
    };
    const { write } = await service.perform(device, rename());
    expect(write.state).toBe('done');
    expect(terminal.log).toEqual(['open', 'read attributes', 'update', 'open', 'read attributes']);
    expect(clock.sleeps).toEqual([3_000]); // the command may still have been on its way
  });

  it('is read back in a new session when the first one broke', async () => {
    let reads = 0;
    terminal.onRead = async () => {
      reads += 1;
      if (reads === 2 || reads === 3) throw new DeviceError('device/connection-lost', 'gone');
    };
    expect((await service.perform(device, rename())).write.state).toBe('done');
    expect(terminal.log.filter((entry) => entry === 'open')).toHaveLength(3);
    expect(terminal.openSessions).toBe(0);
  });
});

describe('nothing is sent, and nothing is left', () => {
  async function expectNothing(request: WriteRequest, code: string | RegExp): Promise<void> {
    const held = terminal.snapshot();
    const refused = expect(service.perform(device, request)).rejects;
    await (typeof code === 'string' ? refused.toMatchObject({ code }) : refused.toThrow(code));
    expect(terminal.writesReceived).toEqual([]);
    expect(terminal.snapshot()).toBe(held);
    expect(await writesOf()).toEqual([]);
    expect(terminal.openSessions).toBe(0);
    expect((await storyOf()).filter((operation) => operation.startsWith('device_write'))).toEqual([]);
  }

  it('when the audit entry cannot be stored', async () => {
    const audit = app.get(DeviceUserAuditService);
    const log = audit.logOperation.bind(audit);
    audit.logOperation = async (tx, entry) => {
      await log(tx, entry);
      if (entry.operation === 'device_write_intended') throw new Error('the audit log is full');
    };
    try {
      await expectNothing(rename(), /audit log is full/);
    } finally {
      audit.logOperation = log;
    }
  });

  it('when the caller’s own check says no', async () => {
    const beforeIntent = async (): Promise<void> => {
      throw new Error('resolved meanwhile');
    };
    await expectNothing(rename({ beforeIntent }), /resolved meanwhile/);
  });

  it('when the user is not there, or there where it should be brought back', async () => {
    await expectNothing(rename({ deviceUserId: canonicalDeviceUserId('99') }), 'device-writer/user-absent');
    await expectNothing(rename({ kind: 'restore', snapshot: Buffer.from('{}') }), 'device-writer/user-present');
  });

  it('when the user was changed since it was shown; the caller gets it as it is', async () => {
    const { write } = await service.perform(device, rename());
    await service.perform(device, rename({ expected: write.afterDigest ?? '', change: { name: 'Mona' } }));
    await dataSource.query('delete from devices where id = $1', [device.id]);
    device = await aDevice(dataSource);
    terminal.log.length = 0;
    await expectNothing(rename({ expected: write.afterDigest ?? '' }), 'device-writer/stale-user');
    const expected = (): boolean => false;
    await expect(service.perform(device, rename({ expected }))).rejects.toMatchObject({
      kind: 'conflict',
      details: { found: { name: 'Mona', hasPin: true } },
    });
  });

  it('when the read is not proven, the terminal is gone, or nobody knows the purpose', async () => {
    await expectNothing(rename({ purpose: 'unheard-of' }), 'device-writer/unknown-purpose');
    terminal.onRead = async () => {
      throw new DeviceError('device/incomplete-read', 'a packet is missing');
    };
    await expectNothing(rename(), 'device/incomplete-read');
    terminal.reachable = false;
    await expectNothing(rename(), 'device/unreachable');
  });

  it('when this server closes secrets with another key than the others, which could not undo it', async () => {
    await service.perform(await aDevice(dataSource), rename());
    terminal.enrol(aScriptedUser('12'));
    terminal.log.length = 0;
    await using stranger = await openWriterApp(terminal, { clock, database: app.database });
    stranger.get(WriteConsequences).register(renaming);
    const writing = expect(stranger.get(DeviceWriteService).perform(device, rename())).rejects;
    await writing.toMatchObject({ code: 'devices/secret-key' });
    expect(terminal.writesReceived).toEqual([]);
    expect(await writesOf()).toEqual([]);
  });

  it('when the caller went away before the intent', async () => {
    await expectNothing(rename({ signal: AbortSignal.abort(new Error('gone')) }), 'work/aborted');
  });
});

describe('a write that is not done', () => {
  it('is told so, and its consequence does not run', async () => {
    terminal.onWrite = async () => undefined;
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/not-done' });
    expect(await writesOf()).toMatchObject([{ state: 'not_done', errorCode: 'device-writer/not-done' }]);
    expect(renaming.applied).toEqual([]);
    expect((await storyOf()).slice(1, 3)).toEqual(['device_write_intended', 'device_write_not_done']);
  });

  it('carries what the terminal said', async () => {
    terminal.onWrite = async () => {
      throw new DeviceError('device/refused', 'the terminal refuses');
    };
    const failing = expect(service.perform(device, rename())).rejects;
    await failing.toMatchObject({ code: 'device-writer/not-done', details: { causeCode: 'device/refused' } });
    expect(await writesOf()).toMatchObject([{ state: 'not_done', errorCode: 'device/refused' }]);
  });

  it('leaves alone what somebody changed at the terminal between the read and the write', async () => {
    observer.at = async (step) => {
      if (step === 'intended') terminal.enrol(aScriptedUser('12', { name: 'Changed at the door' }));
    };
    await expect(service.perform(device, rename())).rejects.toMatchObject({
      code: 'device-writer/stale-user',
      details: { found: { name: 'Changed at the door' } },
    });
    expect(terminal.writesReceived).toEqual([]);
    expect(terminal.users.get('12')?.name).toBe('Changed at the door');
    expect(await writesOf()).toMatchObject([{ state: 'not_done', errorCode: 'device-writer/user-changed' }]);
  });

  it('is put back when it was done by half', async () => {
    let first = true;
    terminal.onWrite = async (_kind, apply) => {
      apply();
      if (first) terminal.enrol({ ...aScriptedUser('12'), name: 'Mi' });
      first = false;
    };
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/not-done' });
    expect(terminal.writesReceived).toEqual(['update', 'update']);
    expect(terminal.users.get('12')).toEqual(aScriptedUser('12'));
    expect(await writesOf()).toMatchObject([{ state: 'not_done' }]);
  });

  it('is undetermined, loudly, when putting back does not help; then the user can be written again', async () => {
    terminal.onWrite = async () => terminal.enrol({ ...aScriptedUser('12'), name: 'M' });
    await expect(service.perform(device, rename())).rejects.toMatchObject({
      code: 'device-writer/undetermined',
      kind: 'conflict',
    });
    expect(terminal.writesReceived).toEqual(['update', 'update']);
    expect(await writesOf()).toMatchObject([{ state: 'undetermined' }]);
    expect(await storyOf()).toContain('device_write_undetermined');
    expect(renaming.applied).toEqual([]);
    terminal.onWrite = async (_kind, apply) => apply();
    expect((await service.perform(device, rename())).write.state).toBe('done');
  });

  it('is never written again when it is a deletion by half', async () => {
    terminal.onWrite = async () => terminal.enrol(aScriptedUser('12', { templates: [] }));
    await expect(service.perform(device, rename({ kind: 'delete' }))).rejects.toMatchObject({
      code: 'device-writer/undetermined',
    });
    expect(terminal.writesReceived).toEqual(['delete']);
  });
});

describe('a write of which nobody knows', () => {
  it('stays open when the terminal cannot be read back, and nothing else is written to the user', async () => {
    terminal.onWrite = async (_kind, apply) => {
      apply();
      terminal.reachable = false;
      throw new OutcomeUnknownError('gone');
    };
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/unsettled' });
    expect(await writesOf()).toMatchObject([{ state: 'open' }]);
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device/unreachable' });
    terminal.reachable = true;
    terminal.onWrite = async (_kind, apply) => apply();
    await service.perform(device, rename({ change: { name: 'Mona' } })); // settles first
    expect((await writesOf()).map(({ state, settledHow }) => [state, settledHow])).toEqual([
      ['done', 'read after restart'],
      ['done', 'read back'],
    ]);
    expect(renaming.applied).toHaveLength(2);
  });

  it('stays open when its end cannot be stored, until it can; a user with an open write is refused', async () => {
    renaming.failing = true;
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/unsettled' });
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/write-pending' });
    const neighbour = rename({ kind: 'delete', deviceUserId: canonicalDeviceUserId('13') });
    await expect(service.perform(device, neighbour)).rejects.toMatchObject({ code: 'device-writer/unsettled' });
    renaming.failing = false;
    await service.perform(device, rename());
    expect((await writesOf()).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });

  it('ends within its time when the terminal does not answer', async () => {
    await using impatient = await openWriterApp(terminal, {
      clock,
      database: app.database,
      dataDir: app.get(AppConfig).dataDir,
      writer: { sendMs: 30, answerMs: 30, doubtMs: 1 },
    });
    impatient.get(WriteConsequences).register(renaming);
    terminal.onWrite = () => new Promise(() => undefined);
    await expect(impatient.get(DeviceWriteService).perform(device, rename())).rejects.toMatchObject({
      code: 'device-writer/not-done',
      details: { causeCode: 'device-writer/outcome-unknown' },
    });
  });
});

describe('after a takeover', () => {
  /** The holder before ended without a release; writes to the device wait for 15 seconds, by the database's clock. */
  async function takeover(): Promise<void> {
    await dataSource.query(
      `insert into sync_locks (lock_key, token, holder_nonce, acquired_by, acquired_at, expires_at)
       values ($1, 7, gen_random_uuid(), 'backup@dead:1', clock_timestamp(), clock_timestamp() - interval '1 s')`,
      [deviceLockKey(device.id)],
    );
  }

  it('waits until whoever was thrown out can no longer be sending, and only then reads and writes', async () => {
    await takeover();
    const writesMeanwhile: string[][] = [];
    clock.onSleep = async () => {
      writesMeanwhile.push([...terminal.log]);
      await dataSource.query(`update sync_locks set writes_not_before = clock_timestamp() where lock_key = $1`, [
        deviceLockKey(device.id),
      ]);
    };
    try {
      await service.perform(device, rename());
    } finally {
      clock.onSleep = undefined;
    }
    expect(writesMeanwhile).toEqual([[]]);
    expect(clock.sleeps[0]).toBeGreaterThan(13_000);
    expect(clock.sleeps[0]).toBeLessThanOrEqual(15_000);
    expect(terminal.writesReceived).toEqual(['update']);
  });

  it.each(['intended', 'ready'] as const)('a term that ended at "%s" sends nothing any more', async (where) => {
    observer.at = async (step) => {
      if (step !== where) return;
      if (where === 'ready') clock.advance(61_000); // the process was frozen for longer than a write may take
      await dataSource.query(
        `update sync_locks set expires_at = clock_timestamp() - interval '1 ms' where lock_key = $1`,
        [deviceLockKey(device.id)],
      );
    };
    await expect(service.perform(device, rename())).rejects.toMatchObject({ code: 'device-writer/unsettled' });
    expect(terminal.writesReceived).toEqual([]);
    expect(await writesOf()).toMatchObject([{ state: 'open' }]);
    expect(terminal.snapshot()).toContain('User 12');
  });
});

describe('the journal', () => {
  it('keeps its rows, and what was settled stays so', async () => {
    const { write } = await service.perform(device, rename());
    for (const table of ['device_writes', 'deleted_device_users']) {
      await expect(dataSource.query(`delete from ${table}`)).rejects.toThrow(/keeps its rows/);
      await expect(dataSource.query(`truncate ${table}`)).rejects.toThrow(/keeps its rows/);
    }
    const change = `update device_writes set state = 'open' where id = ${write.id}`;
    await expect(dataSource.query(change)).rejects.toThrow(/needs a lease/);
  });
});
