import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareNames } from './compare-names.js';
import { NameIndex } from './name-index.js';

const RUNS = { numRuns: 300 };
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
const WORDS =
  'Mohammed Hassan Ali Fawzi José Núñez Abebe Girma Rajesh Devi O’Neill أحمد حسين አበበ ገነት राजेश শাহীন کامران';
const word = fc.constantFrom(...WORDS.split(' '));
const words = fc.uniqueArray(word, { minLength: 1, maxLength: 3 });
/** Too short to have been cut by a terminal. */
const shortName = words.map((some) => some.join(' ')).filter((name) => Buffer.byteLength(name) < 22);

it('gives 1 for the name itself', () => {
  fc.assert(
    fc.property(words, (some) => expect(compareNames(some.join(' '), some.join(' ')).score).toBe(1)),
    RUNS,
  );
});

it('does not care which of two whole names is asked about', () => {
  fc.assert(
    fc.property(shortName, shortName, (a, b) => {
      expect(compareNames(a, b).score).toBeCloseTo(compareNames(b, a).score, 10);
    }),
    RUNS,
  );
});

it('does not care for case and spaces, and hardly for the order of words', () => {
  fc.assert(
    fc.property(words, fc.nat(), (some, turn) => {
      const name = some.join(' ');
      const turned = [...some.slice(turn % some.length), ...some.slice(0, turn % some.length)].join(' ');
      expect(compareNames(`  ${some.join('   ').toUpperCase()} `, name).score).toBeGreaterThan(0.95);
      expect(compareNames(turned, name).score).toBeGreaterThanOrEqual(0.9);
    }),
    RUNS,
  );
});

it('takes any two texts and gives a score from 0 to 1, the same each time', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const { score } = compareNames(a, b);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(compareNames(a, b).score).toBe(score);
    }),
    { numRuns: 1000 },
  );
});

it('never finds more words of a name less like it than fewer', () => {
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 2, maxLength: 4 }), (some) => {
      const pieces = some.map((_, place) => some.slice(0, place + 1).join(' '));
      // A piece that fills the field is taken for a cut name, to which more may belong.
      const scores = pieces
        .filter((piece) => piece.length === some.join(' ').length || Buffer.byteLength(piece) < 22)
        .map((piece) => compareNames(piece, some.join(' ')).score);
      for (let place = 1; place < scores.length; place += 1)
        expect(scores[place]).toBeGreaterThanOrEqual(scores[place - 1]);
    }),
    RUNS,
  );
});

it('bounds the work of hostile names', () => {
  const hostile = [
    'a '.repeat(100_000),
    'x'.repeat(1_000_000),
    '\u0301'.repeat(500_000),
    'عبد '.repeat(100_000),
    '\ufffd'.repeat(500_000),
    'ab cd ef gh ij kl mn op qr st uv wx yz '.repeat(10_000),
  ];
  const startedAt = performance.now();
  for (const a of hostile) for (const b of hostile) compareNames(a, b);
  expect((performance.now() - startedAt) / hostile.length ** 2).toBeLessThan(100);
});

it('finds in an index whatever any text compares with best, or as well', () => {
  const roster = [
    'Mohammed Ali',
    'Muhammad Aly',
    'أحمد حسين',
    'አበበ በቀለ',
    'José Núñez',
    'Rajesh Kumar',
    'राजेश कुमार',
    '',
  ];
  const index = new NameIndex();
  roster.forEach((name, place) => index.add(String(place), name));
  fc.assert(
    fc.property(fc.oneof(anyText, shortName), (shown) => {
      for (const { id, score } of index.search(shown, 3))
        expect(score).toBe(compareNames(shown, roster[Number(id)]).score);
    }),
    RUNS,
  );
});
