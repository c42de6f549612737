import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Evidence, EVIDENCE_KINDS, scoreOf } from './evidence.js';
import { wordsOf } from './evidence-words.js';

const likeness = fc.double({ min: 0, max: 1, noNaN: true });
const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({ kind: fc.constantFrom(...EVIDENCE_KINDS), likeness, number: fc.nat({ max: 99_999 }) })
  .map(({ kind, likeness: alike, number }): Evidence => {
    const text = String(number);
    switch (kind) {
      case 'card':
        return { kind, cardNumber: text };
      case 'card-elsewhere':
        return { kind, cardNumber: text, deviceId: '2' };
      case 'card-shared':
        return { kind, cardNumber: text, others: 1 + (number % 3) };
      case 'card-differs':
        return { kind, shown: text, known: `${text}1` };
      case 'reference':
        return { kind, deviceUserId: text, externalReference: `0${text}` };
      case 'id-elsewhere':
        return { kind, deviceUserId: text, deviceId: '2' };
      case 'name':
        return { kind, shown: 'A', name: 'B', likeness: alike, rivals: number % 3, words: [] };
      case 'name-elsewhere':
        return { kind, shown: 'A', deviceId: '2' };
      case 'name-differs':
        return { kind, shown: 'A', name: 'B' };
    }
  });
const pieces = fc.array(anyEvidence, { maxLength: 6 });
const isCard = ({ kind }: Evidence): boolean => kind.startsWith('card');
const contradicts = ({ kind }: Evidence): boolean => kind.endsWith('-differs');

it('gives 0 to 1, in whatever order the pieces come', () => {
  fc.assert(
    fc.property(pieces, (some) => {
      expect(scoreOf(some)).toBeGreaterThanOrEqual(0);
      expect(scoreOf(some)).toBeLessThanOrEqual(1);
      expect(scoreOf([...some].reverse())).toBeCloseTo(scoreOf(some), 10);
      expect(scoreOf([...some, ...some])).toBeCloseTo(scoreOf(some), 10);
    }),
  );
});

it('puts a card above everything that is none, in hundredths too', () => {
  fc.assert(
    fc.property(pieces, pieces, (withCard, some) => {
      const without = some.filter((piece) => !isCard(piece));
      const settled = scoreOf([...withCard, { kind: 'card', cardNumber: '1' }]);
      expect(Math.round(settled * 100)).toBeGreaterThan(Math.round(scoreOf(without) * 100));
    }),
  );
});

it('never falls with one more piece in favour, nor rises with one against', () => {
  fc.assert(
    fc.property(pieces, anyEvidence, (some, more) => {
      const [before, after] = [scoreOf(some), scoreOf([...some, more])];
      if (contradicts(more)) expect(after).toBeLessThanOrEqual(before + 1e-9);
      else expect(after).toBeGreaterThanOrEqual(before - 1e-9);
    }),
  );
});

it('tells every piece in a sentence', () => {
  fc.assert(fc.property(anyEvidence, (piece) => expect(wordsOf(piece)).toMatch(/^[“A-Z].{10,}/)));
});

it('explains a name word by word', () => {
  const words = [
    { kind: 'same', shown: 'ali', name: 'ali', likeness: 1 },
    { kind: 'spelling', shown: 'mohamed', name: 'mohammed', likeness: 0.99 },
    { kind: 'initial', shown: 'k', name: 'khatib', likeness: 0.97 },
    { kind: 'missing', name: 'fawzi' },
    { kind: 'order' },
  ] as const;
  const piece = {
    kind: 'name',
    shown: 'K Mohamed Ali',
    name: 'Mohammed Ali Fawzi Khatib',
    likeness: 0.9,
    rivals: 1,
    words,
  } as const;
  expect(wordsOf(piece)).toBe(
    '“K Mohamed Ali” on the terminal is very like “Mohammed Ali Fawzi Khatib”: “mohamed” and “mohammed” sound alike; one letter ' +
      'stands for a word (“k”, “khatib”); “fawzi” is not on the terminal; the words are in another order (as like is the name of ' +
      'one other person)',
  );
});
