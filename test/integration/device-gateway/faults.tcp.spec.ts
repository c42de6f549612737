import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppError, SystemClock } from '@app/kernel';
import { DeviceError, DeviceGateway, type AddressTarget, type GatewayTimeouts } from '@app/device-gateway';
import { type CataloguedFault, faultCatalogue, inventUsers, ZkTerminal } from '@app/device-emulator';
import { isReadOrSessionCommand, TcpPacketDecoder } from '@app/zk-protocol';
import { QUICK_TIMEOUTS, targetOf, until } from '@test/support';
import fc from 'fast-check';

/** So impatient that a silent terminal costs a test a quarter of a second; a right answer on loopback takes a few ms. */
const IMPATIENT: GatewayTimeouts = { ...QUICK_TIMEOUTS, idleMs: 250, datagramMs: 100, overallMs: 5_000, closeMs: 20 };
jest.setTimeout(180_000);
const gateway = new DeviceGateway(new SystemClock(), IMPATIENT);
const PEOPLE = inventUsers({ count: 40, seed: 7 });

/** Reads once; gives the slots, or the error, which must be one of ours. */
async function outcome(target: AddressTarget): Promise<(number | null)[] | AppError> {
  try {
    await using reader = await gateway.openReader(target, { connectAttempts: 1 });
    return (await reader.readUsers()).users.map(({ slot }) => slot);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error;
  }
}

async function expectErrorOrTheRightList(target: AddressTarget, fault: CataloguedFault): Promise<'error' | 'list'> {
  const result = await outcome(target);
  if (result instanceof AppError) {
    expect(result).toBeInstanceOf(DeviceError);
    return 'error';
  }
  expect(fault.mustFail).toBe(false);
  expect(result).toEqual(PEOPLE.map(({ slot }) => slot));
  return 'list';
}

function runningTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

async function inParallel<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

describe.each(['tcp', 'udp'] as const)('over %s', (transport) => {
  it('ends in a typed error or the right list for every fault at every step, and leaves no connection behind', async () => {
    const open: number[] = [];
    const timersBefore = runningTimers();
    const ends = { error: 0, list: 0 };
    const catalogue = faultCatalogue();
    expect(catalogue.length).toBeGreaterThan(300);
    await inParallel(catalogue, 24, async (fault) => {
      const serial = 'MATRIX';
      await using terminal = await ZkTerminal.start({
        users: PEOPLE,
        serialNumber: serial,
        connections: 'many',
        faults: fault.faults,
      });
      try {
        const end = await expectErrorOrTheRightList(
          targetOf(terminal, { transport, expectedSerialNumber: serial }),
          fault,
        );
        ends[end] += 1;
      } catch (error) {
        throw new Error(`${fault.name} over ${transport}`, { cause: error });
      }
      await terminal.idle();
      open.push(terminal.openConnections());
      expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
    });
    expect(open.every((count) => count === 0)).toBe(true);
    await until(() => runningTimers() <= timersBefore);
    // Both ends are really reached: faults that break a read, and faults that a good client does not mind.
    expect(ends.error).toBeGreaterThan(100);
    expect(ends.list).toBeGreaterThan(60);
  });

  it('ends in a typed error or the right list for random sequences of faults', async () => {
    const catalogue = faultCatalogue();
    const sequences = fc.array(
      fc.record({
        fault: fc.constantFrom(...catalogue),
        nth: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const cases = fc.sample(sequences, { numRuns: 150, seed: 4370 });
    await inParallel(cases, 24, async (sequence) => {
      const answers = sequence.flatMap(({ fault, nth }) =>
        (fault.faults.answers ?? []).map((answer) => ({ ...answer, nth })),
      );
      const lies = Object.assign({}, ...sequence.map(({ fault }) => fault.faults.lies ?? {})) as object;
      await using terminal = await ZkTerminal.start({ users: PEOPLE, connections: 'many', faults: { answers, lies } });
      const fault = { name: 'sequence', faults: {}, mustFail: Object.keys(lies).some((lie) => lie !== 'serialNumber') };
      await expectErrorOrTheRightList(targetOf(terminal, { transport }), { ...fault, mustFail: false });
    });
  });
});

describe('a stream that is cut', () => {
  const USERS = 200;
  let terminal: ZkTerminal;
  let answer: Buffer;
  let relay: Server;
  let cutAfter = 0;

  /** Passes everything on, and closes the connection once so many bytes have come from the terminal. */
  function relayTo(client: Socket): void {
    const limit = cutAfter;
    let left = limit;
    const upstream = new (client.constructor as new () => Socket)();
    upstream.connect(terminal.port, terminal.host);
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      client.write(part);
      if (left === 0) {
        client.end();
        upstream.destroy();
      }
    });
  }

  beforeAll(async () => {
    terminal = await ZkTerminal.start({
      users: inventUsers({ count: USERS }),
      connections: 'many',
      sessionId: 0x5a31,
      packetBytes: 65_472,
    });
    relay = createServer(relayTo);
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    cutAfter = Number.MAX_SAFE_INTEGER;
    answer = await recordAnswer(terminal);
  });
  afterAll(async () => {
    await terminal.stop();
    await new Promise((resolve) => relay.close(resolve));
  });

  it(`is an error at every byte of the answer of ${USERS} users, never a shorter list`, async () => {
    expect(answer.length).toBeGreaterThan(USERS * 72);
    const player = await playAnswers(answer);
    const whole = await outcome({ ...targetOf(terminal), port: player.portFor(answer.length) });
    expect(whole).toEqual(terminal.users().map(({ slot }) => slot)); // uncut, the same player gives the list
    const cuts = Array.from({ length: answer.length }, (_, at) => at);
    let errors = 0;
    await inParallel(cuts, 16, async (at) => {
      const result = await outcome({ ...targetOf(terminal), port: player.portFor(at) });
      if (!(result instanceof DeviceError)) throw new Error(`cut after ${at} bytes gave ${JSON.stringify(result)}`);
      errors += 1;
    });
    await player.close();
    expect(errors).toBe(answer.length);
  });

  it('is an error through a relay that cuts a live conversation here and there', async () => {
    for (const at of [1, 100, 1_000, 10_000, answer.length - 1]) {
      cutAfter = at;
      const result = await outcome({ ...targetOf(terminal), port: (relay.address() as AddressInfo).port });
      expect(result).toBeInstanceOf(DeviceError);
    }
  });
});

/** The bytes that a terminal sends in a whole session, up to the answer after the user list. */
async function recordAnswer(terminal: ZkTerminal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const tap = createServer((client) => {
    const upstream = new (client.constructor as new () => Socket)();
    upstream.connect(terminal.port, terminal.host);
    client.on('data', (chunk) => upstream.write(chunk));
    client.on('close', () => upstream.destroy());
    upstream.on('data', (chunk) => {
      chunks.push(chunk);
      client.write(chunk);
    });
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  const result = await outcome({ ...targetOf(terminal), port: (tap.address() as AddressInfo).port });
  await new Promise((resolve) => tap.close(resolve));
  if (result instanceof AppError) throw result;
  const whole = Buffer.concat(chunks);
  // Without the answer to EXIT: everything before it is needed for the list.
  return whole.subarray(0, whole.length - 16);
}

/**
 * Plays the recorded packets of a terminal, request by request, and closes after so many bytes in all. One server per
 * lane would be slow, so one server knows by the order of connections which cut is whose.
 */
async function playAnswers(answer: Buffer): Promise<{ portFor(cut: number): number; close(): Promise<void> }> {
  const perRequest = answersByRequest(answer);
  const cuts: number[] = [];
  const server = createServer((client) => {
    let left = cuts.shift() ?? 0;
    let next = 0;
    const requests = new TcpPacketDecoder();
    client.setNoDelay(true);
    client.on('error', () => undefined);
    if (left === 0) client.end();
    client.on('data', (chunk) => {
      for (const request of requests.push(chunk)) {
        const part = (perRequest[next] ?? Buffer.alloc(0)).subarray(0, left);
        void request;
        next += 1;
        left -= part.length;
        client.write(part);
        if (left === 0) client.end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    portFor: (cut) => {
      cuts.push(cut);
      return port;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Splits what a terminal sent by the reply number that its packets carry. */
function answersByRequest(answer: Buffer): Buffer[] {
  const groups: Buffer[] = [];
  for (let at = 0; at < answer.length;) {
    const end = at + 8 + answer.readUInt32LE(at + 4);
    const reply = answer.readUInt16LE(at + 14);
    groups[reply] = Buffer.concat([groups[reply] ?? Buffer.alloc(0), answer.subarray(at, end)]);
    at = end;
  }
  return groups;
}
