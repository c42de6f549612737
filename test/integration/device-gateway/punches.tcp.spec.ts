import { afterEach, describe, expect, it } from '@jest/globals';
import { type AddressTarget, type CompletePunchRead, DeviceGateway, type DeviceOperation } from '@app/device-gateway';
import {
  type EmulatedOperation,
  inventPunches,
  inventUsers,
  ZkTerminal,
  type ZkTerminalOptions,
} from '@app/device-emulator';
import { SystemClock } from '@app/kernel';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import { QUICK_TIMEOUTS, targetOf } from '@test/support';

const gateway = new DeviceGateway(new SystemClock(), QUICK_TIMEOUTS);
const UNTIL = new Date('2026-01-31T00:00:00Z');
let terminal: ZkTerminal;

async function start(options: ZkTerminalOptions): Promise<void> {
  terminal = await ZkTerminal.start({ connections: 'many', ...options });
}

async function read(change: Partial<AddressTarget> = {}): Promise<CompletePunchRead> {
  await using reader = await gateway.openReader(targetOf(terminal, change), { connectAttempts: 1 });
  const users = await reader.readUsers();
  return await reader.readPunches(users);
}

afterEach(async () => {
  expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  await terminal.stop();
});

describe.each(['tcp', 'udp'] as const)('a read of the punch log over %s', (transport) => {
  it.each([40, 16, 8, 49] as const)('gives every record of %i bytes', async (punchWidth) => {
    const users = inventUsers({ count: 60 });
    await start({ users, punchWidth, punches: inventPunches(users, { days: 12, until: UNTIL }) });
    const { punches, proof } = await read({ transport });
    expect(
      punches.map(({ deviceUserId, wallTime, verifyMode, state }) => [deviceUserId, wallTime, verifyMode, state]),
    ).toEqual(terminal.state.punches.map(({ userId, time, verify, state }) => [userId, time, verify, state]));
    expect(proof).toMatchObject({ records: punches.length, recordWidthBytes: punchWidth });
  });

  it('gives an empty log as such', async () => {
    await start({ users: inventUsers({ count: 3 }) });
    expect((await read({ transport })).punches).toEqual([]);
  });
});

it('is believed when somebody punches meanwhile, and not when records are missing', async () => {
  const users = inventUsers({ count: 40 });
  await start({ users, punches: inventPunches(users, { days: 5, until: UNTIL }) });
  for (const lies of [{ cutPunchBytes: 40 }, { cutPunchBytes: 7 }, { punchCounter: 1 }, { punchCounter: -1 }]) {
    terminal.faults = { lies };
    await expect(read()).rejects.toMatchObject({ code: 'device/incomplete-read' });
  }
  terminal.faults = {};
  const before = await read();
  terminal.addPunch(terminal.state.punches[0]);
  const after = await read();
  expect(after.digestOfFirst(before.punches.length)).toEqual(before.digestOfFirst(before.punches.length));
  expect(after.digestOfFirst(after.punches.length)).not.toEqual(before.digestOfFirst(before.punches.length));
});

it('names somebody of whom an old record tells only the slot, and who is gone', async () => {
  const users = inventUsers({ count: 3 });
  await start({ users, punchWidth: 8, punches: inventPunches(users, { days: 5, until: UNTIL }) });
  terminal.removeUser(2);
  expect(new Set((await read()).punches.map(({ deviceUserId }) => deviceUserId))).toEqual(
    new Set(['1001', 'slot:2', '1003']),
  );
});

describe.each(['tcp', 'udp'] as const)('a read of the operation log over %s', (transport) => {
  const log = (count: number): EmulatedOperation[] =>
    Array.from({ length: count }, (_, i) => ({
      administrator: i % 3,
      operation: i % 31,
      time: { year: 2026, month: 2, day: 1 + (i % 31), hour: 8, minute: i % 60, second: 0 },
      parameters: [i, 0, 7, 65_535],
    }));
  const readOperations = async (): Promise<readonly DeviceOperation[] | undefined> => {
    await using reader = await gateway.openReader(targetOf(terminal, { transport }), { connectAttempts: 1 });
    return await reader.readOperations();
  };

  it.each([0, 1, 63, 64, 5_000])('gives all of %i entries, also those of days that no calendar has', async (count) => {
    const operations = log(count);
    await start({ operations });
    expect(await readOperations()).toEqual(
      operations.map(({ administrator: operator, operation, time: wallTime, parameters }) => ({
        wallTime,
        operation,
        operator,
        parameters,
      })),
    );
  });

  it('is no list when anything is missing', async () => {
    await start({ operations: log(200) });
    for (const lies of [
      { cutOperationBytes: 16 },
      { cutOperationBytes: 7 },
      { operationCounter: 1 },
      { operationCounter: -1 },
    ]) {
      terminal.faults = { lies };
      await expect(readOperations()).rejects.toMatchObject({ code: 'device/incomplete-read' });
    }
    terminal.faults = {};
    expect(await readOperations()).toHaveLength(200);
  });

  it.each([2001, 4989, 4991, 4993, 65_533])('that is refused with %i is no empty log', async (code) => {
    await start({ operations: log(3) });
    terminal.faults = { habits: { operationLogCode: code } };
    expect(await readOperations()).toBeUndefined();
    terminal.faults = { habits: { noBufferedRead: true } };
    expect(await readOperations()).toHaveLength(3);
  });
});
