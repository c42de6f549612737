import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import { slot } from '@app/kernel';
import {
  decodeBufferStatus,
  decodeFreeSizes,
  decodeOperationRecord,
  decodeOperationSet,
  decodeOptionReply,
  decodePacket,
  decodePunchSet,
  decodeTemplateSet,
  decodeTime,
  decodeUserRecord,
  decodeUserSet,
  encodeOperationRecord,
  encodePacket,
  encodeSet,
  encodeTcpPacket,
  encodeTime,
  encodeUserRecord,
  isReadOrSessionCommand,
  TcpPacketDecoder,
  ZkFormatError,
  type ZkPacket,
} from '@app/zk-protocol';
import fc from 'fast-check';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

jest.setTimeout(300_000);
const word = fc.integer({ min: 0, max: 0xffff });
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const packets: fc.Arbitrary<ZkPacket> = fc.record({ command: word, session: word, reply: word, data: bytes(1100) });

describe('packets', () => {
  it('come back as they were sent', () => {
    fc.assert(fc.property(packets, (packet) => expect(decodePacket(encodePacket(packet))).toEqual(packet)));
  });

  it('come out of a stream the same, however it was split', () => {
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 6 }), fc.array(fc.nat({ max: 40 })), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(encodeTcpPacket));
        const decoder = new TcpPacketDecoder();
        const received: ZkPacket[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          received.push(...decoder.push(stream.subarray(at, at + cut)));
          at = Math.min(at + cut, stream.length);
        }
        decoder.end();
        expect(received).toEqual(sent);
      }),
    );
  });

  it('come out of a stream that was split at every single byte', () => {
    const sent = [1, 2, 3].map((n) => ({ command: 1501, session: n, reply: 7, data: Buffer.alloc(30 * n, n) }));
    const stream = Buffer.concat(sent.map(encodeTcpPacket));
    for (let at = 0; at <= stream.length; at += 1) {
      const decoder = new TcpPacketDecoder();
      expect([...decoder.push(stream.subarray(0, at)), ...decoder.push(stream.subarray(at))]).toEqual(sent);
    }
  });

  it('are refused for good after the first violation', () => {
    const decoder = new TcpPacketDecoder();
    const good = encodeTcpPacket({ command: 2000, session: 1, reply: 1, data: Buffer.alloc(0) });
    expect(() => decoder.push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(ZkFormatError);
    expect(() => decoder.push(good)).toThrow(ZkFormatError);
    expect(() => decoder.end()).toThrow(ZkFormatError);
  });
});

describe('hostile bytes', () => {
  /** 1,000,000 frames with flipped bits, cut or grown; seeded, so that a failure can be had again. */
  it('give packets or our own error, and leave no memory behind', () => {
    let state = 42;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const frames = [0, 8, 92, 300].map((size) =>
      encodeTcpPacket({ command: 2000, session: 9, reply: 3, data: Buffer.alloc(size, size) }),
    );
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    let refused = 0;
    for (let i = 0; i < 1_000_000; i += 1) {
      const frame = Buffer.from(frames[i & 3]);
      for (let flips = 1 + below(3); flips > 0; flips -= 1) frame[below(frame.length)] ^= 1 << below(8);
      try {
        const decoder = new TcpPacketDecoder();
        decoder.push(frame.subarray(0, 1 + below(frame.length)));
        decoder.end();
      } catch (error) {
        if (!(error instanceof ZkFormatError)) throw error;
        refused += 1;
      }
    }
    collectGarbage();
    expect(refused).toBeGreaterThan(990_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10 * 1024 * 1024);
  });

  it.each([
    ['a user set of 72', (data: Buffer) => decodeUserSet(data, 72)],
    ['a user set of 28', (data: Buffer) => decodeUserSet(data, 28)],
    ['a template set', decodeTemplateSet],
    ['a punch set', (data: Buffer) => decodePunchSet(data, 40)],
    ['counters', decodeFreeSizes],
    ['a buffer status', decodeBufferStatus],
    ['an option', decodeOptionReply],
    ['an operation', decodeOperationRecord],
    ['an operation log', decodeOperationSet],
    ['a packet', decodePacket],
  ] as const)('as %s give a value or our own error', (_, decode) => {
    const setLike = bytes(300).map((body) => encodeSet([body]));
    fc.assert(
      fc.property(fc.oneof(bytes(300), setLike), (data) => {
        try {
          decode(data);
        } catch (error) {
          expect(error).toBeInstanceOf(ZkFormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('operation records', () => {
  it('of any 16 bytes with a year until 2099 come back whole', () => {
    const latest = 100 * 12 * 31 * 86_400 - 1;
    const time = fc.integer({ min: 0, max: latest }).map(decodeTime);
    const byte = fc.integer({ min: 0, max: 255 });
    const records = fc.record({
      administrator: word,
      operation: byte,
      unknown: byte,
      time,
      parameters: fc.tuple(word, word, word, word),
    });
    fc.assert(
      fc.property(fc.array(records, { maxLength: 20 }), (log) =>
        expect(decodeOperationSet(encodeSet(log.map(encodeOperationRecord)))).toEqual(log),
      ),
    );
  });
});

describe('user records', () => {
  const text = (maxLength: number): fc.Arbitrary<Buffer> =>
    fc.uint8Array({ maxLength }).map((array) => Buffer.from(array.map((byte) => byte || 1)));
  const colour = fc.record({
    slot: word.map(slot),
    privilege: fc.integer({ min: 0, max: 255 }),
    password: text(8),
    name: text(24),
    card: fc.integer({ min: 0, max: 0xffff_ffff }),
    group: fc.integer({ min: 0, max: 255 }),
    ownZones: fc.boolean(),
    zones: fc.tuple(word, word, word),
    userId: text(24).map((id) => id.toString('latin1')),
  });

  it('of 72 bytes come back whole, undecodable names included', () => {
    fc.assert(
      fc.property(colour, (fields) => {
        const raw = encodeUserRecord(fields, 72);
        expect(decodeUserRecord(raw, 72)).toEqual({ ...fields, raw });
      }),
    );
  });

  it('of 28 bytes come back whole', () => {
    const old = fc.record({ fields: colour, id: fc.nat(), zone: word, password: text(5), name: text(8) });
    fc.assert(
      fc.property(old, ({ fields, id, zone, password, name }) => {
        const record = { ...fields, userId: String(id), zones: [zone], password, name, ownZones: false };
        const raw = encodeUserRecord(record, 28);
        expect(decodeUserRecord(raw, 28)).toEqual({ ...record, raw });
      }),
    );
  });

  it('that do not fit are refused by the name of the field', () => {
    const fields = { slot: slot(1), privilege: 0, password: Buffer.alloc(0), name: Buffer.alloc(25, 65), card: 0 };
    const rest = { group: 1, ownZones: false, zones: [], userId: '1' };
    expect(() => encodeUserRecord({ ...fields, ...rest }, 72)).toThrow(
      /name of a user record must be at most 24 bytes, got 25/,
    );
  });
});

it('a time comes back from its 32 bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 * 12 * 31 * 86_400 - 1 }), (value) =>
      expect(encodeTime(decodeTime(value))).toBe(value),
    ),
  );
});

describe('the allow-list of a read session', () => {
  const empty = Buffer.alloc(0);

  it('names these commands and no other of all 65,536', () => {
    const allowed = Array.from({ length: 65_536 }, (_, command) => command).filter((command) =>
      isReadOrSessionCommand(command, empty),
    );
    expect(allowed).toEqual([11, 13, 34, 50, 64, 69, 201, 1000, 1001, 1100, 1102, 1502, 1504, 2000]);
  });

  it('lets an acknowledgement of an event carry nothing, and a registration four bytes of mask', () => {
    expect(isReadOrSessionCommand(2000, Buffer.from([0]))).toBe(false);
    expect(isReadOrSessionCommand(500, Buffer.alloc(4))).toBe(true);
    for (const length of [0, 1, 3, 5, 8]) expect(isReadOrSessionCommand(500, Buffer.alloc(length))).toBe(false);
  });

  it('looks into a buffered read, byte by byte', () => {
    const allowed: string[] = [];
    for (let inner = 0; inner < 65_536; inner += 1) {
      for (const dataType of [0, 1, 2, 5]) {
        const data = Buffer.alloc(11);
        data[0] = 1;
        data.writeUInt16LE(inner, 1);
        data.writeUInt32LE(dataType, 3);
        if (isReadOrSessionCommand(1503, data)) allowed.push(`${inner}/${dataType}`);
      }
    }
    expect(allowed).toEqual(['7/2', '9/5', '13/0', '34/0']);
    expect(isReadOrSessionCommand(1503, Buffer.from('0009000500000000000000', 'hex'))).toBe(false);
    expect(isReadOrSessionCommand(1503, Buffer.from('01090005000000000000', 'hex'))).toBe(false);
    expect(isReadOrSessionCommand(9, Buffer.from([5]))).toBe(true);
    expect(isReadOrSessionCommand(9, Buffer.from([1, 0, 6]))).toBe(false);
  });
});
