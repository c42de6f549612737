import { afterEach, describe, expect, it } from '@jest/globals';
import { type DeviceReader, DeviceGateway, type AddressTarget, IncompleteReadError } from '@app/device-gateway';
import { inventUsers, ZkTerminal, type ZkTerminalOptions } from '@app/device-emulator';
import { SystemClock } from '@app/kernel';
import { aUser, QUICK_TIMEOUTS, targetOf } from '@test/support';

const gateway = new DeviceGateway(new SystemClock(), QUICK_TIMEOUTS);
let terminal: ZkTerminal;

async function start(options: ZkTerminalOptions): Promise<void> {
  terminal = await ZkTerminal.start({ connections: 'many', ...options });
}

function open(change: Partial<AddressTarget> = {}): Promise<DeviceReader> {
  return gateway.openReader(targetOf(terminal, change), { connectAttempts: 1 });
}

afterEach(async () => {
  await terminal.stop();
});

describe.each(['tcp', 'udp'] as const)('a read over %s', (transport) => {
  describe.each([72, 28] as const)('with records of %i bytes', (recordWidth) => {
    it.each([0, 1, 7, 14, 15, 37, 250, 2000])('gives all of %i users with their attributes', async (count) => {
      await start({ users: inventUsers({ count, recordWidth, seed: count }), recordWidth });
      await using reader = await open({ transport });
      const read = await reader.readUsers();
      expect(
        read.users.map(({ slot, rawUserId, details, privilege, groupId, hasPin }) => ({
          slot,
          rawUserId,
          nameBytes: details?.nameBytes,
          privilege,
          cardNumber: details?.cardNumber,
          groupId,
          hasPin,
        })),
      ).toEqual(
        terminal.users().map((user) => ({
          slot: user.slot,
          rawUserId: user.userId,
          nameBytes: user.name,
          privilege: user.privilege,
          cardNumber: user.card === 0 ? null : String(user.card),
          groupId: user.group,
          hasPin: user.password !== '',
        })),
      );
      expect(read.proof).toMatchObject({ counterBefore: count, counterAfter: count, distinctUsers: count, transport });
    });
  });
});

it('tells who the terminal is, what it counts and what its clock shows', async () => {
  const clock = { year: 2024, month: 2, day: 29, hour: 23, minute: 59, second: 58 };
  await start({ users: [aUser(1)], serialNumber: 'ABC1234567', deviceName: 'K40/ID', clock: () => clock });
  await using reader = await open();
  expect(reader.identity).toEqual({
    serialNumber: 'ABC1234567',
    model: 'K40/ID',
    platform: 'ZMM220_TFT',
    firmware: 'Ver 6.60 Jun 16 2015',
  });
  expect(await reader.readCounters()).toMatchObject({ users: 1 });
  expect(await reader.readClock()).toEqual(clock);
});

describe('a comm key', () => {
  it.each([1, 45, 1234, 131_071, 999_999])('%i opens the terminal that has it', async (commKey) => {
    await start({ users: [aUser(1)], commKey });
    await using reader = await open({ commKey });
    expect((await reader.readUsers()).users).toHaveLength(1);
  });

  it('that is missing or wrong is told as that', async () => {
    await start({ commKey: 1234 });
    await expect(open()).rejects.toMatchObject({
      code: 'device/unauthorised',
      stage: 'authenticate',
      message: /--comm-key/,
    });
    await expect(open({ commKey: 4321 })).rejects.toMatchObject({ code: 'device/unauthorised' });
  });
});

describe('a name', () => {
  it.each([
    ['auto', Buffer.from('ሰላም ታደሰ'), 'ሰላም ታደሰ'],
    ['auto', Buffer.from('José', 'latin1'), 'José'],
    ['utf-8', Buffer.from('王小明丽华小明李').subarray(0, 23), '王小明丽华小明'],
    ['gbk', Buffer.from('cdf5d0a1c3f7', 'hex'), '王小明'],
    ['windows-1256', Buffer.from('c3cde3cf', 'hex'), 'أحمد'],
    ['latin1', Buffer.from('Zoë', 'latin1'), 'Zoë'],
    ['auto', Buffer.alloc(0), null],
  ] as const)('in %s is decoded, its bytes are kept', async (encoding, name, text) => {
    await start({ users: [aUser(1, { name })] });
    await using reader = await open({ encoding });
    const [user] = (await reader.readUsers()).users;
    expect(user.details).toMatchObject({ name: text, nameBytes: name });
  });
});

describe('a terminal with habits of its own', () => {
  it.each([
    { doubledEquals: true },
    { directBytes: 0 },
    { directBytes: 100_000 },
    { bareChunks: true },
    { noBufferedRead: true },
    { constantSessionField: true },
    { junkAfterNul: true },
  ])('%j is read all the same', async (habits) => {
    await start({ users: inventUsers({ count: 100 }), faults: { habits } });
    for (const transport of ['tcp', 'udp'] as const) {
      await using reader = await open({ transport });
      expect((await reader.readUsers()).users.map(({ slot }) => slot)).toEqual(
        terminal.users().map(({ slot }) => slot),
      );
    }
  });

  it.each([2001, 4989, 4991])(
    'that answers "nothing" with %i has no users, if its counter says so',
    async (emptySetCode) => {
      await start({ faults: { habits: { emptySetCode } } });
      await using reader = await open();
      expect((await reader.readUsers()).users).toEqual([]);
      terminal.faults = { habits: { emptySetCode }, lies: { userCounter: 5 } };
      await expect(reader.readUsers()).rejects.toThrow(IncompleteReadError);
    },
  );
});

it('skips a record without an ID, says so, and keeps the others', async () => {
  await start({ users: [aUser(1), aUser(2, { userId: ' ' }), aUser(3)] });
  await using reader = await open();
  const { users, invalid, proof } = await reader.readUsers();
  expect(users.map(({ slot }) => slot)).toEqual([1, 3]);
  expect(invalid).toEqual([{ slot: 2, reason: 'it has no user ID' }]);
  expect(proof.distinctUsers).toBe(3);
});

it('refuses a list in which 7 and 007 are two people, naming both slots', async () => {
  await start({ users: [aUser(1, { userId: '7' }), aUser(2, { userId: '007' })] });
  await using reader = await open();
  await expect(reader.readUsers()).rejects.toThrow(/holds user ID 7 twice, in slots 1 \("7"\) and 2 \("007"\)/);
});

it('refuses another terminal at the same address', async () => {
  await start({ serialNumber: 'OTHER' });
  await expect(open({ expectedSerialNumber: 'MINE' })).rejects.toMatchObject({
    code: 'device/serial-mismatch',
    kind: 'conflict',
  });
});

it('reports progress that ends at the announced size', async () => {
  await start({ users: inventUsers({ count: 2000 }) });
  await using reader = await open();
  const seen: number[] = [];
  let total = 0;
  await reader.readUsers({
    onProgress: ({ receivedBytes, totalBytes }) => {
      seen.push(receivedBytes);
      total = totalBytes ?? total;
    },
  });
  expect(total).toBe(2000 * 72 + 4);
  expect(seen.at(-1)).toBe(total);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

it('closes the session when the signal fires', async () => {
  await start({ users: [aUser(1)], faults: { answers: [{ step: 'bulk', effect: { kind: 'silence' } }] } });
  const stopping = new AbortController();
  const reader = await gateway.openReader(targetOf(terminal), { signal: stopping.signal });
  const reading = reader.readUsers();
  stopping.abort(new Error('the lease is over'));
  await expect(reading).rejects.toMatchObject({ code: 'device/aborted' });
  await reader.close();
});

it('never disables the terminal and sends nothing but reads', async () => {
  await start({ users: inventUsers({ count: 300 }), commKey: 77 });
  const before = terminal.snapshot();
  await using reader = await open({ commKey: 77 });
  await reader.readUsers();
  await reader.readClock();
  const commands = new Set(terminal.journal.entries.map(({ command }) => command));
  expect([...commands].toSorted((a, b) => a - b)).toEqual([11, 50, 201, 1000, 1100, 1102, 1502, 1503, 1504]);
  expect(terminal.snapshot()).toBe(before);
});
