import { describe, expect, it } from '@jest/globals';
import { decodeInbound, enrollIdForWire, enrollIdOf, type Inbound } from '@app/aiface-protocol';
import { canonicalDeviceUserId } from '@app/kernel';
import fc from 'fast-check';
import { BEYOND_JSON, digits, enrollId } from '@test/support';

describe('an enrollid', () => {
  it.each([
    [12, '12'],
    ['12', '12'],
    ['00000012', '12'],
    [' 012 ', '12'],
    [0, '0'],
    [-0, '0'],
    ['000', '0'],
    ['999999999999', '999999999999'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['9'.repeat(30), '9'.repeat(30)],
  ])('%j is user %s', (value, expected) => {
    expect(enrollIdOf(value)).toBe(expected);
  });

  it.each([
    BEYOND_JSON,
    1e21,
    Number.POSITIVE_INFINITY,
    -1,
    1.5,
    '9'.repeat(31),
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1 2',
    'A1',
    '١٢',
    '１２',
    null,
    undefined,
    true,
    [12],
    { enrollid: 12 },
  ])('%j is nobody', (value) => {
    expect(enrollIdOf(value)).toBeUndefined();
  });

  it('is refused as a number beyond 2^53, whose last digits are lost, and read as a text', () => {
    const punch = '"time":"2026-01-28 08:02:11"';
    const batchOf = (id: string): Inbound => decodeInbound(`{"cmd":"sendlog","record":[{"enrollid":${id},${punch}}]}`);
    expect(batchOf('9007199254740993')).toMatchObject({ batch: { records: [], unreadable: [expect.anything()] } });
    expect(batchOf('"9007199254740993"')).toMatchObject({ batch: { records: [{ enrollId: '9007199254740993' }] } });
  });

  it('is the same with and without leading zeros', () => {
    fc.assert(
      fc.property(digits, fc.nat({ max: 29 }), (id, zeros) => {
        const padded = id.padStart(Math.min(30, id.length + zeros), '0');
        expect(enrollIdOf(padded)).toBe(canonicalDeviceUserId(id));
        expect(enrollIdOf(enrollIdOf(padded))).toBe(enrollIdOf(id));
      }),
    );
  });

  it('comes back from the wire as who it was: a number where JSON can hold it, else a text', () => {
    fc.assert(
      fc.property(enrollId, (id) => {
        const wire = enrollIdForWire(id);
        expect(enrollIdOf(JSON.parse(JSON.stringify(wire)))).toBe(id);
        expect(typeof wire).toBe(BigInt(id) <= BigInt(Number.MAX_SAFE_INTEGER) ? 'number' : 'string');
      }),
    );
  });

  it.each(['1e3', '0x10', '0b1', ''])('that is the text %j is not sent as a number of somebody else', (id) => {
    expect(enrollIdForWire(canonicalDeviceUserId(id))).toBe(id);
  });
});
