import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DeviceGateway, type DeviceReader, type AddressTarget } from '@app/device-gateway';
import { inventUsers, type ZkFaults, ZkTerminal, type ZkTerminalOptions } from '@app/device-emulator';
import { SystemClock } from '@app/kernel';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import { aUser, QUICK_TIMEOUTS, targetOf } from '@test/support';

/** Its own time-outs are fixed at seconds, so ours must be longer to see what it makes of them. */
const gateway = new DeviceGateway(new SystemClock(), { ...QUICK_TIMEOUTS, idleMs: 2_000, overallMs: 25_000 });
let terminal: ZkTerminal;
let folder: string;
const home = process.cwd();

/** The library takes a segment for a packet, so this terminal keeps its packets apart, as a real network does. */
async function start(options: ZkTerminalOptions): Promise<void> {
  terminal = await ZkTerminal.start({ connections: 'many', packetBytes: 65_472, paceMs: 30, ...options });
}

function open(change: Partial<AddressTarget> = {}): Promise<DeviceReader> {
  return gateway.openReader(targetOf(terminal, { driver: 'node-zklib', ...change }), { connectAttempts: 1 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-zklib-test-'));
  process.chdir(folder);
});
afterEach(async () => {
  await terminal.stop();
});
afterAll(async () => {
  const left = await readdir(folder);
  process.chdir(home);
  await rm(folder, { recursive: true });
  expect(left).toEqual([]); // none of its *.err.log files
});

describe('the driver node-zklib', () => {
  it.each([0, 3, 250])('reads all of %i users over TCP, with the same proof and undamaged names', async (count) => {
    await start({ users: inventUsers({ count }), serialNumber: 'ABC1' });
    const before = terminal.snapshot();
    await using reader = await open({ expectedSerialNumber: 'ABC1' });
    expect(reader.identity).toMatchObject({ serialNumber: 'ABC1', model: 'Emulated terminal' });
    const { users, proof } = await reader.readUsers();
    expect(users.map(({ slot, details, rawUserId }) => ({ slot, nameBytes: details?.nameBytes, rawUserId }))).toEqual(
      terminal.users().map(({ slot, name, userId }) => ({ slot, nameBytes: name, rawUserId: userId })),
    );
    expect(proof).toMatchObject({ driver: 'node-zklib', counterBefore: count, counterAfter: count });
    expect(await reader.readClock()).toMatchObject({ year: new Date().getUTCFullYear() });
    expect(terminal.snapshot()).toBe(before);
    expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  });

  it('reads 28-byte records over UDP', async () => {
    await start({ users: inventUsers({ count: 30, recordWidth: 28 }), recordWidth: 28 });
    await using reader = await open({ transport: 'udp' });
    expect((await reader.readUsers()).users).toHaveLength(30);
  });

  it('keeps IDs of more than nine characters whole', async () => {
    await start({ users: [aUser(1, { userId: 'EMPLOYEE-00012345' })] });
    await using reader = await open();
    expect((await reader.readUsers()).users[0].rawUserId).toBe('EMPLOYEE-00012345');
  });

  it.each<[string, ZkFaults]>([
    [
      'a bulk read that is refused',
      { answers: [{ step: 'bulk', effect: { kind: 'code', code: 2001, withData: true } }] },
    ],
    ['a bulk read that is refused without a word', { answers: [{ step: 'bulk', effect: { kind: 'silence' } }] }],
    ['a reset in the middle', { answers: [{ step: 'chunk', effect: { kind: 'drop-midway' } }] }],
    ['packets in one segment', { answers: [{ step: 'chunk', effect: { kind: 'coalesce' } }] }],
    ['a damaged packet', { answers: [{ step: 'chunk', effect: { kind: 'damage' } }] }],
    ['a counter that lies', { lies: { userCounter: 1 } }],
    ['a counter that moves', { lies: { userCounterLater: 1 } }],
    ['a user ID twice', { lies: { duplicateUserId: true } }],
  ])('gives an error and no list for %s, and survives', async (_, faults) => {
    await start({ users: inventUsers({ count: 100 }), faults });
    await using reader = await open();
    await expect(reader.readUsers()).rejects.toMatchObject({ code: /^device\// });
  });

  it('says that it knows no comm key, whether one is set or wanted', async () => {
    await start({ commKey: 7 });
    await expect(open({ commKey: 7 })).rejects.toMatchObject({ code: 'device/unauthorised', message: /driver "zk"/ });
    await expect(open()).rejects.toMatchObject({ code: 'device/unauthorised', message: /driver "zk"/ });
  });

  it('says that nothing answers, and that another terminal does', async () => {
    await start({ serialNumber: 'OTHER' });
    await expect(open({ expectedSerialNumber: 'MINE' })).rejects.toMatchObject({ code: 'device/serial-mismatch' });
    await terminal.stop();
    await expect(open()).rejects.toMatchObject({ code: 'device/unreachable' });
  });

  it('ends its process when the signal fires', async () => {
    await start({ users: [aUser(1)], faults: { answers: [{ step: 'bulk', effect: { kind: 'silence' } }] } });
    const stopping = new AbortController();
    const reader = await gateway.openReader(targetOf(terminal, { driver: 'node-zklib' }), { signal: stopping.signal });
    const reading = reader.readUsers();
    stopping.abort(new Error('the lease is over'));
    await expect(reading).rejects.toMatchObject({ code: 'device/aborted' });
    await reader.close();
  });
});
