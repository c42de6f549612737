import { expect } from '@jest/globals';
import { AifaceFormatError, decodeInbound, type Inbound } from '@app/aiface-protocol';
import { canonicalDeviceUserId } from '@app/kernel';
import fc from 'fast-check';

export const SERIAL = 'TSTA26010001';
/** The first whole number that JSON does not hold exactly. */
export const BEYOND_JSON = Number.MAX_SAFE_INTEGER + 1;
export const anyText = fc.string({ unit: 'binary' });
export const plainKey = fc.string().filter((key) => key !== '__proto__');
export const digits = fc.stringMatching(/^[0-9]{1,30}$/);
export const enrollId = digits.map(canonicalDeviceUserId);
/** Every text of these is a little like JSON, and some are. */
export const almostJson = fc
  .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a":', '"cmd":"reg"', '1', '-', ' ', '\\', 'null'))
  .map((parts) => parts.join(''));

/** The code of the error that a read came to, or what it read. */
export function codeOf(read: () => unknown): string {
  try {
    return `read ${JSON.stringify(read())}`;
  } catch (error) {
    if (error instanceof AifaceFormatError) return error.code;
    throw error;
  }
}

/** One message of a terminal, as it comes. */
export function hear(message: object): Inbound {
  return decodeInbound(JSON.stringify(message));
}

/** As hear, for a message that must be of this kind. */
export function hearKind<K extends Inbound['kind']>(kind: K, message: object): Extract<Inbound, { kind: K }> {
  const inbound = hear(message);
  expect(inbound.kind).toBe(kind);
  return inbound as Extract<Inbound, { kind: K }>;
}
