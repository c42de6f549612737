import { describe, expect, it } from '@jest/globals';
import { canonicalDeviceUserId, compareDeviceUserIds, isPrintableUserId } from '@app/kernel';

describe('canonicalDeviceUserId', () => {
  it.each([
    ['00000012', '12'],
    [' 12 ', '12'],
    ['000', '0'],
    ['0A1', '0A1'],
    ['12345678901234567890', '12345678901234567890'],
  ])('reads %j as %j', (text, id) => {
    expect(canonicalDeviceUserId(text)).toBe(id);
  });

  it('changes nothing the second time', () => {
    for (const text of ['007', ' 0x ', '0', '']) {
      expect(canonicalDeviceUserId(canonicalDeviceUserId(text))).toBe(canonicalDeviceUserId(text));
    }
  });
});

it('orders numeric IDs by value, before the others', () => {
  expect(['b', '10', '9', 'a1'].sort(compareDeviceUserIds)).toEqual(['9', '10', 'a1', 'b']);
});

it('accepts printable ASCII only', () => {
  expect(['1', 'A 1', '', '  ', '\u0001', 'é'].map(isPrintableUserId)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
