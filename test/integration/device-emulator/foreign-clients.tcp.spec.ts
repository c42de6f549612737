import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPunch, inventUsers, ZkTerminal } from '@app/device-emulator';
import { encodeTime } from '@app/zk-protocol';

const HARNESS = resolve('test/integration/device-emulator/support/foreign-client.cjs');
const MANIFEST = resolve('package.json');
const CLOCK = { year: 2024, month: 2, day: 28, hour: 12, minute: 34, second: 56 };

/** These clients were not written by us: what they understand is a ZK terminal and no mirror of our codec. */
describe('unmodified npm clients', () => {
  let colour: ZkTerminal;
  let old: ZkTerminal;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-foreign-'));
    // They take a segment for a packet, so the packets of an answer are kept apart, as a real network does.
    const options = { connections: 'many' as const, paceMs: 25, clock: () => CLOCK };
    const users = inventUsers({ count: 120 });
    colour = await ZkTerminal.start({
      ...options,
      users,
      punches: punchesOf(users.map(({ slot, userId }) => ({ slot, userId }))),
    });
    // More than fits one packet: node-zklib takes a small set of punches over UDP for 8-byte records.
    const few = inventUsers({ count: 80, recordWidth: 28 });
    old = await ZkTerminal.start({ ...options, recordWidth: 28, users: few, punches: punchesOf(few) });
  });
  afterAll(async () => {
    await colour.stop();
    await old.stop();
    await rm(folder, { recursive: true });
  });

  async function ask(library: string, transport: string, call: string): Promise<unknown> {
    const { port } = transport === 'tcp' ? colour : old;
    const args = [HARNESS, library, transport, String(port), call, MANIFEST];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    return JSON.parse(stdout);
  }

  it.each([
    ['node-zklib', 'tcp'],
    ['zkteco-js', 'tcp'],
    ['node-zklib', 'udp'],
  ] as const)('%s reads users over %s', async (library, transport) => {
    const { data } = (await ask(library, transport, 'users')) as { data: { userId: string | number; uid: number }[] };
    const terminal = transport === 'tcp' ? colour : old;
    expect(data.map(({ uid, userId }) => ({ uid, userId: String(userId) }))).toEqual(
      terminal.users().map(({ slot, userId }) => ({ uid: slot, userId })),
    );
  });

  it.each([
    ['node-zklib', 'tcp'],
    ['zkteco-js', 'tcp'],
    ['node-zklib', 'udp'],
  ] as const)('%s reads punches over %s', async (library, transport) => {
    const { data } = (await ask(library, transport, 'punches')) as {
      data: { deviceUserId?: string | number; user_id?: string }[];
    };
    const terminal = transport === 'tcp' ? colour : old;
    expect(data.map((punch) => String(punch.deviceUserId ?? punch.user_id))).toEqual(
      terminal.state.punches.map(({ userId }) => userId),
    );
  });

  it.each([
    ['node-zklib', 'tcp'],
    ['zkteco-js', 'tcp'],
    ['node-zklib', 'udp'],
  ] as const)('%s reads the counters over %s', async (library, transport) => {
    const terminal = transport === 'tcp' ? colour : old;
    const count = terminal.users().length;
    expect(await ask(library, transport, 'info')).toMatchObject({ userCounts: count, logCounts: count });
  });

  it('node-zklib and zkteco-js read the time', async () => {
    expect(await ask('node-zklib', 'tcp', 'time')).toBe(encodeTime(CLOCK));
    expect(await ask('node-zklib', 'udp', 'time')).toBe(encodeTime(CLOCK));
    const shown = new Date((await ask('zkteco-js', 'tcp', 'time')) as string);
    expect([shown.getFullYear(), shown.getMonth() + 1, shown.getDate(), shown.getHours(), shown.getMinutes()]).toEqual([
      2024, 2, 28, 12, 34,
    ]);
  });
});

function punchesOf(users: readonly { slot: number; userId: string }[]): EmulatedPunch[] {
  return users.map(({ slot, userId }) => ({ slot, userId, time: CLOCK, verify: 1, state: 0 }));
}
