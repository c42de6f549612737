import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isReadOrSessionMessage } from '@app/aiface-protocol';
import {
  aifaceFaultCatalogue,
  type AifaceFaults,
  AifaceTerminal,
  type EmulatedAifaceUser,
  inventAifaceUsers,
} from '@app/device-emulator';
import { DeviceError, type DeviceGateway, type GatewayTimeouts } from '@app/device-gateway';
import { AppError } from '@app/kernel';
import { openListener, OpenHouse, QUICK_TIMEOUTS } from '@test/support';
import fc from 'fast-check';

/** So impatient that silence costs a test a quarter of a second; a right reply on loopback takes a few ms. */
const IMPATIENT: GatewayTimeouts = { ...QUICK_TIMEOUTS, replyMs: 250, pageMs: 200 };
/** How long a terminal may take to be there at all; who is not, is not read, which is an error too. */
const ARRIVES_WITHIN_MS = 400;
jest.setTimeout(180_000);
const PEOPLE = inventAifaceUsers({ count: 60, seed: 7 });
const IDS = PEOPLE.map(({ enrollId }) => enrollId);
const host = new OpenHouse();
let gateway: DeviceGateway;
let listener: Awaited<ReturnType<typeof openListener>>['listener'];
let url: string;
let serial = 0;

beforeAll(async () => {
  ({ gateway, listener, url } = await openListener(IMPATIENT, host));
});
afterAll(async () => {
  await listener.stop();
});

function start(faults: AifaceFaults, users: readonly EmulatedAifaceUser[] = PEOPLE): AifaceTerminal {
  serial += 1;
  const serialNumber = `FAULTY${String(serial).padStart(6, '0')}`;
  return AifaceTerminal.start({ server: url, serialNumber, users, faults, redialMs: 5, answerMs: 150 });
}

async function arrive({ serialNumber }: AifaceTerminal): Promise<void> {
  for (let waited = 0; waited < ARRIVES_WITHIN_MS && !gateway.isConnected(serialNumber); waited += 5) await delay(5);
}

/** Reads once; gives the IDs, or the error, which must be one of ours. */
async function outcome({ serialNumber }: AifaceTerminal): Promise<string[] | AppError> {
  try {
    await using reader = await gateway.openReader({ driver: 'aiface', serialNumber, weakerProof: false });
    return (await reader.readUsers()).users.map(({ deviceUserId }) => deviceUserId);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error;
  }
}

/** Clears the faults and reads again, as the schedule does: nothing stays broken. The last error if it does. */
async function recovers(terminal: AifaceTerminal): Promise<string[] | AppError> {
  terminal.faults = {};
  let last: string[] | AppError = [];
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await arrive(terminal);
    if (!gateway.isConnected(terminal.serialNumber)) terminal.drop(); // it goes by another serial number
    last = await outcome(terminal);
    if (!(last instanceof AppError)) return last;
  }
  return last;
}

async function inParallel<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

describe('a terminal that dials in', () => {
  it.each(['ai06', 'dialect-b'] as const)('gives all of 5,000 users with faces, as %s', async (profile) => {
    const everybody = inventAifaceUsers({ count: 5_000 });
    await using terminal = AifaceTerminal.start({
      server: url,
      serialNumber: `FULL-${profile}`,
      profile,
      users: everybody,
    });
    await terminal.until(() => terminal.isRegistered && gateway.isConnected(terminal.serialNumber));
    await using reader = await gateway.openReader({
      driver: 'aiface',
      serialNumber: terminal.serialNumber,
      weakerProof: false,
    });
    const { users, proof } = await reader.readUsers();
    expect(users.map(({ deviceUserId, details }) => [deviceUserId, details?.name ?? ''])).toEqual(
      everybody.map(({ enrollId, name }) => [enrollId, name]),
    );
    expect(proof).toMatchObject({ counterBefore: 5_000, witness: 'fresh-counters' });
    expect((await reader.readCounters()).faces).toBeGreaterThan(4_000);
  });

  it('gives a typed error or the right list for every fault at every step, and is read again afterwards', async () => {
    const ends = { error: 0, list: 0 };
    const catalogue = aifaceFaultCatalogue();
    expect(catalogue.length).toBeGreaterThan(400);
    await inParallel(catalogue, 24, async (fault) => {
      await using terminal = start(fault.faults);
      try {
        await arrive(terminal);
        const result = await outcome(terminal);
        if (result instanceof AppError) expect(result).toBeInstanceOf(DeviceError);
        else expect([fault.mustFail, result]).toEqual([false, IDS]);
        ends[result instanceof AppError ? 'error' : 'list'] += 1;
        if (!fault.faults.lies?.enrolsMeanwhile) expect(await recovers(terminal)).toEqual(IDS);
      } catch (error) {
        throw new Error(fault.name, { cause: error });
      }
      expect(terminal.journal.outside(isReadOrSessionMessage)).toEqual([]);
    });
    // Both ends are really reached: faults that break a read, and faults that a good reader does not mind.
    expect(ends.error).toBeGreaterThan(80);
    expect(ends.list).toBeGreaterThan(80);
  });

  it('gives a typed error or the right list for 1,000 random sequences of faults', async () => {
    const sequences = fc.array(
      fc.record({
        fault: fc.constantFrom(...aifaceFaultCatalogue()),
        nth: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const cases = fc.sample(sequences, { numRuns: 1_000, seed: 7788 });
    await inParallel(cases, 32, async (sequence) => {
      const replies = sequence.flatMap(({ fault, nth }) =>
        (fault.faults.replies ?? []).map((reply) => ({ ...reply, nth })),
      );
      const lies = Object.assign({}, ...sequence.map(({ fault }) => fault.faults.lies ?? {})) as object;
      await using terminal = start({ replies, lies });
      await arrive(terminal);
      const result = await outcome(terminal);
      if (result instanceof AppError) expect(result).toBeInstanceOf(DeviceError);
      else expect(result).toEqual(IDS);
    });
  });
});
