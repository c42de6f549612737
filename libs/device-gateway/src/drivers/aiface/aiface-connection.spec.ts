import { beforeEach, describe, expect, it } from '@jest/globals';
import { type LogBatch } from '@app/aiface-protocol';
import { canonicalDeviceUserId, parseWallTime } from '@app/kernel';
import { DeviceError } from '../../device.errors.js';
import { AifaceConnection, type ConnectionHost } from './aiface-connection.js';

const PATIENCE_MS = 1_000;
const BRIEFLY_MS = 20;
const SERIAL = 'TSTA26010001';
const three = canonicalDeviceUserId('3');
const twelve = canonicalDeviceUserId('12');

let sent: Record<string, unknown>[];
let terminated: number;
let told: string[];
let stored: LogBatch[];
let storing: Promise<void>;
let connection: AifaceConnection;

beforeEach(async () => {
  sent = [];
  terminated = 0;
  told = [];
  stored = [];
  storing = Promise.resolve();
  const host: ConnectionHost = {
    register: async (_connection, { serialNumber }) => {
      connection.serialNumber = serialNumber;
      return { ret: 'reg', result: true, cloudtime: parseWallTime('2026-01-28 08:00:00')! };
    },
    keepLog: async (_serial, batch) => {
      await storing;
      stored.push(batch);
      return true;
    },
    keepEnrolment: async () => false,
    onChangedSerial: (_connection, claimed) => told.push(`changed to ${claimed}`),
    onFlood: (_connection, waiting) => told.push(`flood of ${waiting}`),
    onMessageProblem: (_connection, problem) => told.push(problem),
  };
  const socket = {
    send: (text: string) => void sent.push(JSON.parse(text) as Record<string, unknown>),
    close: () => void (terminated += 1),
    terminate: () => void (terminated += 1),
  };
  connection = new AifaceConnection('192.0.2.7', socket, host, () => performance.now());
  hear({ cmd: 'reg', sn: SERIAL, devinfo: {} });
  await connection.settled();
  sent.length = 0;
});

function hear(message: object): void {
  connection.receive(JSON.stringify(message));
}

function userInfo(enrollid: number, backupnum = 50, name = 'somebody'): object {
  return { ret: 'getuserinfo', sn: SERIAL, result: true, enrollid, backupnum, name, admin: 0, record: 'x' };
}

describe('a question', () => {
  it('has one reply, and the next question waits for it', async () => {
    const first = connection.ask({ cmd: 'gettime' }, PATIENCE_MS);
    const second = connection.ask({ cmd: 'getdevcap' }, PATIENCE_MS);
    await Promise.resolve();
    expect(sent.map(({ cmd }) => cmd)).toEqual(['gettime']);
    hear({ ret: 'getdevcap', result: true, useduser: 1 }); // not asked yet
    hear({ ret: 'gettime', time: '2026-01-28 08:10:00' });
    expect(await first).toMatchObject({ command: 'gettime', ok: undefined });
    hear({ ret: 'gettime', time: '2026-01-28 08:10:00' }); // once more
    hear({ ret: 'getdevcap', result: true, useduser: 2 });
    expect((await second).fields).toMatchObject({ useduser: 2 });
  });

  it('is not answered by the late reply to an earlier one, which says whom it is about', async () => {
    const overdue = connection.ask({ cmd: 'getuserinfo', enrollid: three, backupnum: 50 }, BRIEFLY_MS);
    await expect(overdue).rejects.toMatchObject({ code: 'device/timeout' });
    const next = connection.ask({ cmd: 'getuserinfo', enrollid: twelve, backupnum: 50 }, PATIENCE_MS);
    await Promise.resolve();
    hear(userInfo(3));
    hear({ ret: 'getuserinfo', sn: SERIAL, result: false, reason: 1 }); // of whom? it may be the late one
    hear(userInfo(12, 11));
    hear(userInfo(12, 50, 'ሰላማዊት በቀለ'));
    expect((await next).fields).toMatchObject({ enrollid: 12, backupnum: 50, name: 'ሰላማዊት በቀለ' });
  });

  it('whose reply could not be told from a late one ends the connection instead', async () => {
    await expect(connection.ask({ cmd: 'getuserlist', stn: true }, BRIEFLY_MS)).rejects.toMatchObject({
      code: 'device/timeout',
    });
    expect(await connection.ask({ cmd: 'gettime' }, BRIEFLY_MS).catch(() => 'asked')).toBe('asked');
    await expect(connection.ask({ cmd: 'getuserlist', stn: true }, PATIENCE_MS)).rejects.toMatchObject({
      code: 'device/connection-lost',
    });
    expect(terminated).toBe(1);
    await expect(connection.ask({ cmd: 'getdevcap' }, PATIENCE_MS)).rejects.toBeInstanceOf(DeviceError);
  });

  it('that changes something cannot leave', async () => {
    const write = { cmd: 'deleteuser', enrollid: three, backupnum: 13 } as never;
    await expect(connection.ask(write, PATIENCE_MS)).rejects.toMatchObject({ code: 'device/command-not-allowed' });
    expect(sent).toEqual([]);
  });

  it('fails when the connection ends, and when nobody wants it any more', async () => {
    const stop = new AbortController();
    const aborted = connection.ask({ cmd: 'gettime' }, PATIENCE_MS, stop.signal);
    await Promise.resolve();
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'device/aborted' });
    const cut = connection.ask({ cmd: 'getdevcap' }, PATIENCE_MS);
    await Promise.resolve();
    connection.end(new DeviceError('device/connection-lost', 'gone'));
    await expect(cut).rejects.toMatchObject({ code: 'device/connection-lost' });
  });
});

describe('what the terminal sends of its own accord', () => {
  const punch = { enrollid: 12, time: '2026-01-28 08:13:00', mode: 8, inout: 0, event: 0 };

  it('is answered between a question and its reply', async () => {
    const info = connection.ask({ cmd: 'getuserinfo', enrollid: three, backupnum: 50 }, PATIENCE_MS);
    await Promise.resolve();
    hear({ cmd: 'sendlog', sn: SERIAL, count: 1, logindex: 0, record: [punch] });
    await connection.settled();
    expect(sent.at(-1)).toEqual({ ret: 'sendlog', result: true, count: 1, logindex: 0, mark: true });
    hear(userInfo(3));
    expect((await info).fields).toMatchObject({ enrollid: 3 });
  });

  it('is acknowledged when it is stored, and not before', async () => {
    let finish = (): void => undefined;
    storing = new Promise((resolve) => (finish = resolve));
    hear({ cmd: 'sendlog', sn: SERIAL, count: 1, logindex: 4, record: [punch] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([]);
    finish();
    await connection.settled();
    expect(sent).toEqual([{ ret: 'sendlog', result: true, count: 1, logindex: 4, mark: true }]);
    expect(stored).toHaveLength(1);
  });

  it('is refused when it could not be stored, so that it comes again', async () => {
    hear({ cmd: 'senduser', sn: SERIAL, enrollid: 31, name: 'x', backupnum: 0, admin: 0, record: 'c5' });
    await connection.settled();
    expect(sent).toEqual([{ ret: 'senduser', result: false, enrollid: 31, backupnum: 0 }]);
  });

  it('gets an answer that opens no door, whatever it is', async () => {
    for (const message of [{ cmd: 'sendqrcode', record: 'V-1' }, { cmd: 'sendpin', pin: '1' }, { cmd: 'talkcall' }])
      hear({ sn: SERIAL, ...message });
    hear({ cmd: 'checklive', sn: SERIAL, time: '2026-01-28 08:13:00' });
    hear({ cmd: 'sendgps', sn: SERIAL });
    await connection.settled();
    expect(sent).toEqual([
      { ret: 'sendqrcode', result: true, access: 0 },
      { ret: 'sendpin', result: true, access: 0 },
      { ret: 'talkcall', result: false },
      { ret: 'checklive', result: true },
    ]);
  });

  it('ends the connection when it is another serial number, no JSON, or more than can wait', async () => {
    hear({ cmd: 'checklive', sn: 'SOMEBODY-ELSE' });
    expect(told).toEqual(['changed to SOMEBODY-ELSE']);
    storing = new Promise(() => undefined);
    for (let i = 0; i < 17; i += 1) hear({ cmd: 'sendlog', sn: SERIAL, count: 1, logindex: i, record: [punch] });
    expect(told.at(-1)).toBe('flood of 17');
    connection.receive('<html>');
    expect(told.at(-1)).toMatch(/not JSON/);
    expect(connection.ended).toBe(true);
  });
});
