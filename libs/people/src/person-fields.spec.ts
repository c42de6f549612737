import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Field, readActive, readCardNumber, readName, readPersonType, readReference } from './person-fields.js';

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }));

function valueOf<T>(field: Field<T>): T | undefined {
  return 'value' in field ? field.value : undefined;
}

describe('a name', () => {
  it.each([
    ['  Mina \u00a0 Ward\n', 'Mina Ward'],
    ['Zoe\u0308', 'Zo\u00eb'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👩\u200d🏫', '👩\u200d🏫'],
    ['𝒳'.repeat(200), '𝒳'.repeat(200)],
  ])('%j is %j', (text, name) => {
    expect(readName(text)).toEqual({ value: name });
  });

  it('does not change any more once it is canonical, and a refusal is one line without controls', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const read of [readName, readReference, readCardNumber, readPersonType, readActive]) {
          const field: Field<unknown> = read(text);
          if ('refusal' in field) expect(field.refusal.message).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
          else if (typeof field.value === 'string') expect(read(field.value)).toEqual(field);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('that cannot be is told with its value and the bound, cut to a length that can be read', () => {
    expect(readName('x'.repeat(201))).toEqual({
      refusal: { code: 'name-too-long', message: `the name "${'x'.repeat(40)}…" has 201 characters; at most 200 fit` },
    });
    expect(readName('a\u0000b')).toMatchObject({ refusal: { code: 'name-unprintable' } });
    expect(readName('a\ud800')).toMatchObject({ refusal: { code: 'name-unprintable' } });
  });
});

describe('a card number', () => {
  it.each([
    ['', null],
    ['000', null],
    [' 0012 ', '12'],
    ['0'.repeat(30) + '1', '1'],
    ['12345678901234567890', '12345678901234567890'],
  ])('%j is %j', (text, card) => {
    expect(readCardNumber(text)).toEqual({ value: card });
  });

  it.each(['1.2E+10', '-1', '١٢٣', '12 34', '0x1'])('is not %j', (text) => {
    expect(readCardNumber(text)).toMatchObject({ refusal: { code: 'card-not-digits' } });
  });
});

describe('an external reference', () => {
  it('keeps its zeros and its case, since another system made it', () => {
    expect(valueOf(readReference(' 007a '))).toBe('007a');
    expect(valueOf(readReference(' 7A '))).toBe('7A');
  });
});

it('takes the usual words for a type and for active', () => {
  expect(valueOf(readPersonType(' Staff '))).toBe('staff');
  expect(['TRUE', 'no', '1', ''].map((text) => valueOf(readActive(text)))).toEqual([true, false, true, undefined]);
  expect(readActive('perhaps')).toMatchObject({ refusal: { code: 'active-unknown' } });
});
