import { canonicalDeviceUserId, type DeviceUserId } from '@app/kernel';

/** Not a user: the terminal itself, in events of the door. */
export const DEVICE_ITSELF = canonicalDeviceUserId('0');
/** Not a user: a face that the terminal does not know. */
export const STRANGER = canonicalDeviceUserId('99999999');

const LONGEST_ID = 30;

/**
 * An `enrollid` in canonical form. Undefined for what cannot be one; that includes a number beyond 2^53, whose last
 * digits JSON has lost already, so that it may be somebody else's.
 */
export function enrollIdOf(value: unknown): DeviceUserId | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const digits = text.trim();
  return digits.length <= LONGEST_ID && /^\d+$/.test(digits) ? canonicalDeviceUserId(digits) : undefined;
}

/** As it is sent: a JSON number, or a text where a number could not hold it. */
export function enrollIdForWire(id: DeviceUserId): number | string {
  const number = /^\d+$/.test(id) ? Number(id) : Number.NaN;
  return Number.isSafeInteger(number) ? number : id;
}
