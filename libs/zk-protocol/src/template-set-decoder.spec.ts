import { describe, expect, it } from '@jest/globals';
import { slot } from '@app/kernel';
import fc from 'fast-check';
import { encodeSet } from './data-set.js';
import { ZkFormatError } from './errors.js';
import { decodeTemplateSet, encodeTemplateRecord, type TemplateRecord } from './template-record.js';
import { TemplateSetDecoder } from './template-set-decoder.js';

const RUNS = process.env.CHAOS === 'full' ? 5_000 : 300;

const record: fc.Arbitrary<TemplateRecord> = fc.record({
  slot: fc.integer({ min: 0, max: 0xffff }).map(slot),
  finger: fc.integer({ min: 0, max: 255 }),
  flag: fc.integer({ min: 0, max: 255 }),
  template: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
});

function setOf(records: readonly TemplateRecord[]): Buffer {
  return encodeSet(records.map(encodeTemplateRecord));
}

/** Sizes of every kind, from nothing but a header on. */
const SET = setOf(
  [0, 1, 2, 7, 300].map((bytes, i) => {
    return { slot: slot(i + 1), finger: i, flag: i % 2, template: Buffer.alloc(bytes, 0x40 + i) };
  }),
);

/** Every byte of a record; texts are compared much faster than buffers are. */
function textOf({ slot: owner, finger, flag, template }: TemplateRecord): string {
  return `${owner}/${finger}/${flag}/${template.toString('hex')}`;
}

/** What a decoder gives for pieces. */
function decode(pieces: readonly Buffer[]): string[] {
  const decoder = new TemplateSetDecoder();
  const records: string[] = [];
  for (const piece of pieces) {
    for (const given of decoder.push(piece)) records.push(textOf(given));
    piece.fill(0xff); // whoever gave the piece may use its memory again
  }
  decoder.end();
  if (decoder.count !== records.length) throw new Error(`${decoder.count} were counted and ${records.length} given`);
  return records;
}

function cut(set: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places, set.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => Buffer.from(set.subarray(ends[i - 1] ?? 0, end)));
}

/** A set with another size in the header of its n-th record. */
function withSize(n: number, size: number): Buffer {
  const set = Buffer.from(SET);
  let at = 4;
  for (let i = 0; i < n; i += 1) at += set.readUInt16LE(at);
  set.writeUInt16LE(size, at);
  return set;
}

describe('a template set in pieces', () => {
  it('gives the same records wherever it is cut in two', () => {
    const whole = decodeTemplateSet(SET).map(textOf);
    for (let at = 0; at <= SET.length; at += 1) expect(decode(cut(SET, [at]))).toEqual(whole);
  });

  it('gives the same records byte by byte', () => {
    expect(decode(Array.from(SET, (byte) => Buffer.from([byte])))).toEqual(decodeTemplateSet(SET).map(textOf));
  });

  it('gives the same records in any pieces', () => {
    const sets = fc.array(record, { maxLength: 12 });
    fc.assert(
      fc.property(sets, fc.array(fc.nat({ max: 800 }), { maxLength: 20 }), (records, places) => {
        const set = setOf(records);
        const pieces = cut(
          set,
          places.map((place) => Math.min(place, set.length)),
        );
        const texts = records.map(textOf);
        expect(decode(pieces)).toEqual(texts);
        expect(decodeTemplateSet(set).map(textOf)).toEqual(texts);
      }),
      { numRuns: RUNS },
    );
  });

  it('gives each record as soon as it is whole, and the largest there can be', () => {
    const largest = { slot: slot(9), finger: 9, flag: 1, template: Buffer.alloc(0xffff - 6, 9) };
    const set = setOf([largest, { ...largest, finger: 8 }]);
    const decoder = new TemplateSetDecoder();
    expect([...decoder.push(set.subarray(0, 4 + 0xfffe))]).toEqual([]);
    expect([...decoder.push(set.subarray(4 + 0xfffe, 4 + 0xffff))]).toHaveLength(1);
    expect([...decoder.push(set.subarray(4 + 0xffff))].map(textOf)).toEqual([textOf({ ...largest, finger: 8 })]);
    decoder.end();
  });

  it('may be empty, and then has a length word all the same', () => {
    expect(decode([setOf([])])).toEqual([]);
    expect(() => decode([])).toThrow(expect.objectContaining({ code: 'zk/truncated' }) as unknown as Error);
  });

  it('is an error wherever it breaks off, in one piece or in two', () => {
    for (let end = 0; end < SET.length; end += 1) {
      const broken = SET.subarray(0, end);
      for (const at of [0, Math.floor(end / 2), Math.max(end - 1, 0)])
        expect(() => decode(cut(broken, [at]))).toThrow(ZkFormatError);
      expect(() => decodeTemplateSet(broken)).toThrow(ZkFormatError);
    }
  });

  it('is an error when it goes on behind its end', () => {
    const tooLong = Buffer.concat([SET, Buffer.from([0])]);
    for (let at = 0; at <= tooLong.length; at += 1) expect(() => decode(cut(tooLong, [at]))).toThrow(/behind its end/);
  });

  it('is an error when a size leads nowhere, wherever that record lies', () => {
    for (const n of [0, 1, 2, 3, 4]) {
      for (const size of [0, 1, 5, 0xffff]) {
        const broken = withSize(n, size);
        for (let at = 0; at <= broken.length; at += 7)
          expect(() => decode(cut(broken, [at]))).toThrow(
            expect.objectContaining({ code: 'zk/set' }) as unknown as Error,
          );
        expect(() => decodeTemplateSet(broken)).toThrow(ZkFormatError);
      }
    }
  });

  it('says of any bytes what decodeTemplateSet says of them', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      // Sets with one byte changed are wrong in more ways than bytes by chance.
      fc.tuple(fc.nat({ max: SET.length - 1 }), fc.nat({ max: 255 })).map(([at, value]) => {
        const set = Buffer.from(SET);
        set[at] = value;
        return set;
      }),
    );
    const outcome = (work: () => string[]): unknown => {
      try {
        return work();
      } catch (error) {
        if (error instanceof ZkFormatError) return 'an error';
        throw error;
      }
    };
    fc.assert(
      fc.property(bytes, fc.nat({ max: 340 }), (set, at) => {
        const expected = outcome(() => decodeTemplateSet(set).map(textOf));
        expect(outcome(() => decode(cut(set, [Math.min(at, set.length)])))).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });
});
