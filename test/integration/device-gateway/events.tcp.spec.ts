import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeviceEvents, DeviceGateway } from '@app/device-gateway';
import { type EmulatedPunch, ZkTerminal } from '@app/device-emulator';
import { SystemClock } from '@app/kernel';
import { Command, isReadOrSessionCommand, Reply } from '@app/zk-protocol';
import { aUser, QUICK_TIMEOUTS, targetOf } from '@test/support';

const gateway = new DeviceGateway(new SystemClock(), { ...QUICK_TIMEOUTS, keepAliveMs: 100, idleMs: 2_000 });
const TIME = { year: 2026, month: 1, day: 31, hour: 7, minute: 58, second: 3 };
const PUNCH: EmulatedPunch = { slot: 1, userId: '9001', time: TIME, verify: 1, state: 0 };
let terminal: ZkTerminal;

beforeEach(async () => {
  terminal = await ZkTerminal.start({ users: [aUser(1)], connections: 'many' });
});
afterEach(async () => {
  expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  await terminal.stop();
});

function listen(transport: 'tcp' | 'udp' = 'tcp'): Promise<DeviceEvents> {
  return gateway.openEvents(targetOf(terminal, { transport }));
}

function received(command: number): number {
  return terminal.journal.entries.filter((entry) => entry.command === command).length;
}

describe.each(['tcp', 'udp'] as const)('a stream of events over %s', (transport) => {
  it('tells punches and enrolments, and acknowledges each', async () => {
    await using events = await listen(transport);
    expect(events.countedAtStart).toEqual({ users: 1, punches: 0 });
    terminal.addPunch(PUNCH);
    terminal.enrol(aUser(2));
    terminal.addPunch({ ...PUNCH, userId: '0007' });
    expect(await events.next()).toEqual({ kind: 'punch', deviceUserId: '9001', wallTime: TIME });
    expect(await events.next()).toEqual({ kind: 'enrolment' });
    expect(await events.next()).toEqual({ kind: 'punch', deviceUserId: '7', wallTime: TIME });
    await events.close();
    expect(received(Reply.OK)).toBe(3);
  });

  it('tells a punch even in a form that we do not know, such as several in one packet', async () => {
    await using events = await listen(transport);
    terminal.addPunch(PUNCH, { ...PUNCH, userId: '7' });
    expect(await events.next()).toEqual({ kind: 'punch' });
  });

  it('loses no event that comes while it is being opened', async () => {
    terminal.faults = { answers: [{ step: 'counters', effect: { kind: 'event-first' } }] };
    await using events = await listen(transport);
    expect(await events.next()).toMatchObject({ kind: 'punch' });
  });

  it('asks a silent terminal whether it is still there, and ends when it is not', async () => {
    await using events = await listen(transport);
    const asked = received(Command.GET_TIME);
    const next = events.next();
    while (received(Command.GET_TIME) < asked + 2) await new Promise((resolve) => setImmediate(resolve));
    terminal.faults = { answers: [{ step: 'time', effect: { kind: 'silence' } }] };
    await expect(next).rejects.toMatchObject({ code: 'device/timeout' });
    await expect(events.next()).rejects.toMatchObject({ code: 'device/timeout' });
  });
});

it('ends when the terminal drops the connection', async () => {
  await using events = await listen();
  const next = events.next();
  const ended = expect(next).rejects.toMatchObject({ code: 'device/connection-lost' });
  await terminal.stop();
  await ended;
});
