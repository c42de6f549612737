import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { addressGroup, callerAddress } from './caller-address.js';

describe('the address of a caller', () => {
  it.each([
    ['192.168.1.7', '192.168.1.7'],
    ['::ffff:192.168.1.7', '192.168.1.7'],
    [undefined, 'unknown'],
  ])('%s is told as %s', (ip, told) => {
    expect(callerAddress({ ip } as Request)).toBe(told);
  });

  it.each([
    ['192.168.1.7', '192.168.1.7'],
    ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
