import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import {
  AifaceFormatError,
  decodeInbound,
  type Fields,
  type Inbound,
  isReadOrSessionMessage,
  type ReadCommand,
} from '@app/aiface-protocol';
import { randomNumbers } from '@app/device-emulator';
import { canonicalDeviceUserId, parseWallTime } from '@app/kernel';
import { DeviceError } from '../../device.errors.js';
import { AifaceConnection, type ConnectionHost } from './aiface-connection.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

jest.setTimeout(180_000);
const SERIAL = 'TSTA26010001';
const MOST_GROWTH_BYTES = 10 * 1024 * 1024;

/** A message of a terminal, and where a mutation can take hold of it. */
interface Original {
  readonly text: string;
  readonly bytes: Buffer;
  /** Begin and end of each value that is a text, a number or a truth value. */
  readonly values: readonly (readonly [begin: number, end: number])[];
  /** Behind each bracket that opens an object. */
  readonly openings: readonly number[];
  /** Behind each comma. */
  readonly commas: readonly number[];
}

type Mutation = (original: Original) => string;

function originalOf(message: Fields): Original {
  const text = JSON.stringify('sn' in message ? { ...message, sn: SERIAL } : message);
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*":?|[\w.+-]+|[{,]/g)].map((match) => ({
    token: match[0],
    begin: match.index,
    end: match.index + match[0].length,
  }));
  const ends = (wanted: string): number[] => tokens.flatMap(({ token, end }) => (token === wanted ? end : []));
  const values = tokens.filter(({ token }) => !/^[{,]$|":$/.test(token));
  return {
    text,
    bytes: Buffer.from(text),
    values: values.map(({ begin, end }) => [begin, end]),
    openings: ends('{'),
    commas: ends(','),
  };
}

const file = readFileSync('test/fixtures/aiface/transcripts.json', 'utf8');
const { exchanges } = JSON.parse(file) as { exchanges: { exchange: { from?: string; message?: Fields }[] }[] };
const originals = exchanges
  .flatMap(({ exchange }) => exchange)
  .flatMap(({ from, message }) => (from === 'terminal' && message ? originalOf(message) : []));

const DEEP = 9_000;
const HOSTILE_VALUES = [
  'null true false -1 -0 0 0.1 1e308 1e400 -1e400 32768 4294967296 9007199254740993'.split(' '),
  '[] {} [[]] [null,1,"a",{}] {"enrollid":{}} {"then":1} {"toJSON":1} {"length":1e9} [{"image":"x"}]'.split(' '),
  '{"toString":null} {"valueOf":1,"toString":1} [{"toString":0}] {"__proto__":null} {"__proto__":[]}'.split(' '),
  '"" "\\u0000" "\\ud800" "__proto__" "toString" "99999999" "0" "-1" "1e3" "0x10" "true" "A1"'.split(' '),
  '"reg" "sendlog" "senduser" "checklive" "sendgps" "getuserinfo" "gettime"'.split(' '),
  ['" 0012 "', '" "', '"2026-02-30 24:61:61"', '"9999-99-99T99:99:99"'],
  ['9'.repeat(30), '9'.repeat(40), `"${'9'.repeat(31)}"`, `"${'\u{1f600}'.repeat(40)}"`, `"${' '.repeat(200)}"`],
].flat();
const HOSTILE_KEYS = [
  '__proto__ constructor prototype toString valueOf hasOwnProperty toJSON then length 0 \\u0000 \\ud800'.split(' '),
  'cmd ret sn record enrollid backupnum count logindex devinfo image result time cloudtime access'.split(' '),
  ['', ' ', ' cmd ', ' sn', 'enrollid ', ' backupnum'],
].flat();

/** Messages of terminals, each with something wrong; the same ones for the same seed. */
function mutator(seed: number): () => string {
  let state = seed;
  // Xorshift: seven million numbers are wanted, and looking up Math takes longer than this under Jest.
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const oneOf = <T>(of: readonly T[]): T => of[below(of.length)];
  const nested = (value: string): string => {
    const depth = below(3_000) === 0 ? DEEP : 1 + below(8);
    return below(2) === 0
      ? '['.repeat(depth) + value + ']'.repeat(depth)
      : `${'{"enrollid":'.repeat(depth)}${value}${'}'.repeat(depth)}`;
  };
  const hostile = (): string => (below(8) === 0 ? nested(oneOf(HOSTILE_VALUES)) : oneOf(HOSTILE_VALUES));
  const withAt = (text: string, [begin, end]: readonly [number, number], value: string): string =>
    text.slice(0, begin) + value + text.slice(end);
  const replaced = ({ text, values }: Original): string => withAt(text, oneOf(values), hostile());

  /** What stays JSON comes more often: it reaches more of us, and is refused at less cost. */
  const mutations = [
    often(9, replaced),
    // Two values, the one behind first.
    often(4, ({ text, values }) => {
      const [one, other] = [below(values.length), below(values.length)];
      const inner = withAt(text, values[Math.max(one, other)], hostile());
      return one === other ? inner : withAt(inner, values[Math.min(one, other)], hostile());
    }),
    // A key more.
    often(8, ({ text, openings }) => {
      const at = oneOf(openings);
      return withAt(text, [at, at], `"${oneOf(HOSTILE_KEYS)}":${hostile()},`);
    }),
    // A value deeper.
    often(3, ({ text, values }) => {
      const [begin, end] = oneOf(values);
      return withAt(text, [begin, end], nested(text.slice(begin, end)));
    }),
    // A value, and a comma that only the tolerant parser reads.
    often(1, (original) => `${replaced(original).slice(0, -1)},}`),
    // A part twice, or many times: from one comma to another, so that it may stay JSON.
    often(1, ({ text, commas }) => {
      const [one, other] = [oneOf(commas), oneOf(commas)];
      const part = text.slice(Math.min(one, other), Math.max(one, other));
      return withAt(text, [one, one], part.repeat(1 + below(4)));
    }),
    // The beginning of one message and the end of another.
    often(1, ({ text, commas }) => {
      const other = oneOf(originals);
      return text.slice(0, oneOf(commas)) + other.text.slice(oneOf(other.commas));
    }),
    // Bits that have flipped.
    often(1, ({ bytes }) => {
      const flipped = Buffer.from(bytes);
      for (let flips = 1 + below(3); flips > 0; flips -= 1) flipped[below(flipped.length)] ^= 1 << below(8);
      return flipped.toString('utf8');
    }),
    // The whole message deeper.
    often(1, ({ text }) => nested(text)),
    // Cut, at either end.
    often(1, ({ text }) => (below(2) === 0 ? text.slice(0, below(text.length)) : text.slice(1 + below(text.length)))),
  ].flat();
  return () => oneOf(mutations)(oneOf(originals));
}

function often(times: number, mutation: Mutation): Mutation[] {
  return Array.from({ length: times }, () => mutation);
}

async function heapGrowthOf(work: () => Promise<void> | void): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await work();
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

/** Mutations that reach nothing would prove nothing. */
function expectOften(met: Readonly<Record<string, number>>, all: readonly string[]): void {
  expect(Object.keys(met).toSorted()).toEqual([...all].toSorted());
  for (const what of all) expect(met[what]).toBeGreaterThan(1_000);
}

/** 1,000,000 mutated messages, the same ones in every run, so that a failure can be had again. */
describe('hostile messages', () => {
  it('are read or refused with our own error, and leave no memory behind', async () => {
    const next = mutator(42);
    const met: Record<string, number> = {};
    const meet = (what: Inbound['kind'] | AifaceFormatError['code']): void => void (met[what] = (met[what] ?? 0) + 1);
    const growth = await heapGrowthOf(() => {
      for (let i = 0; i < 900_000; i += 1) {
        const text = next();
        try {
          meet(decodeInbound(text).kind);
        } catch (error) {
          if (!(error instanceof AifaceFormatError)) throw new Error(`On ${text.slice(0, 2_000)}`, { cause: error });
          meet(error.code);
        }
      }
    });
    const kinds = ['enrolment', 'other', 'punches', 'registration', 'reply'];
    const refusals = ['bad-field', 'no-command', 'not-an-object', 'not-json'];
    expectOften(met, [...kinds, ...refusals]);
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
  });

  it('are answered, dropped, or end the connection of a terminal, and leave no memory behind', async () => {
    const next = mutator(43);
    const random = randomNumbers(44);
    const failures: unknown[] = [];
    const met = {
      connections: 0,
      registrations: 0,
      logs: 0,
      enrolments: 0,
      changed: 0,
      problems: 0,
      replies: 0,
      sent: 0,
    };
    let now = 0;
    const refuse = (connection: AifaceConnection): void =>
      connection.end(new DeviceError('device/connection-lost', 'The connection of the terminal was closed'));
    const host: ConnectionHost = {
      register: async (connection, { serialNumber, info }) => {
        await Promise.resolve();
        if (connection.ended) return undefined;
        met.registrations += 1;
        connection.serialNumber = serialNumber;
        connection.info = info;
        return { ret: 'reg', result: true, cloudtime: parseWallTime('2026-01-28 08:00:00')! };
      },
      keepLog: async () => {
        met.logs += 1;
        return random() < 0.9;
      },
      keepEnrolment: async () => {
        met.enrolments += 1;
        return random() < 0.9;
      },
      onChangedSerial: (connection) => {
        met.changed += 1;
        refuse(connection);
      },
      onFlood: refuse,
      onMessageProblem: (_connection, problem) => {
        met.problems += 1;
        if (/\n\s+at /.test(problem)) failures.push(problem); // the stack of a defect of ours
      },
    };
    const socket = {
      send: (text: string) => {
        met.sent += 1;
        const message = JSON.parse(text) as Fields;
        if (!isReadOrSessionMessage(message)) failures.push(text);
      },
      close: () => undefined,
      terminate: () => undefined,
    };
    const three = canonicalDeviceUserId('3');
    const QUESTIONS: ReadCommand[] = [
      { cmd: 'getuserinfo', enrollid: three, backupnum: 50 },
      { cmd: 'getuserlist', stn: true },
      { cmd: 'gettime' },
      { cmd: 'getuserinfo', enrollid: three },
      { cmd: 'getalllog', stn: false },
      { cmd: 'getdevcap' },
    ];
    /** There is always a question, so that there is something that a reply can answer. */
    const keepAsking = async (connection: AifaceConnection): Promise<void> => {
      try {
        for (let i = 0; ; i += 1) {
          await connection.ask(QUESTIONS[i % QUESTIONS.length], 3_600_000);
          met.replies += 1;
        }
      } catch (error) {
        if (!(error instanceof DeviceError)) failures.push(error);
      }
    };
    const register = async (): Promise<AifaceConnection> => {
      met.connections += 1;
      const connection = new AifaceConnection('192.0.2.7', socket, host, () => now);
      connection.watchEnrolments();
      connection.receive(`{"cmd":"reg","sn":"${SERIAL}","devinfo":{}}`);
      await connection.settled();
      void keepAsking(connection);
      return connection;
    };
    const growth = await heapGrowthOf(async () => {
      let connection = await register();
      try {
        for (let i = 0; i < 100_000; i += 1) {
          const text = next();
          now += 10;
          try {
            connection.receive(text);
          } catch (error) {
            throw new Error(`On ${text.slice(0, 2_000)}`, { cause: error });
          }
          if (connection.ended || random() < 0.5) await connection.settled();
          if (connection.ended) connection = await register();
        }
        await connection.settled();
      } finally {
        refuse(connection);
      }
    });
    expect(failures).toEqual([]);
    expectOften(met, Object.keys(met));
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
  });
});
