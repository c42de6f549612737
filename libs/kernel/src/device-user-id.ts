/**
 * The ID shown on the terminal and printed in punches, in canonical form. Text: it may hold letters.
 * Never the terminal's slot number, which is reused after a deletion.
 */
export type DeviceUserId = string & { readonly __brand: 'DeviceUserId' };

/**
 * Canonical form (requirements, section 2): trimmed; of an all-digit ID the leading zeros are removed, so that
 * `00000012` and `12` are one user. Of zeros only, one zero stays.
 */
export function canonicalDeviceUserId(text: string): DeviceUserId {
  const trimmed = text.trim();
  return (/^[0-9]+$/.test(trimmed) ? trimmed.replace(/^0+(?=.)/, '') : trimmed) as DeviceUserId;
}

/** Whether a text can be a device user ID at all: not blank, printable ASCII (zk-protocol 6.5). */
export function isPrintableUserId(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text) && text.trim() !== '';
}

/** Orders numeric IDs by value and before all others, which follow in code-unit order. */
export function compareDeviceUserIds(a: string, b: string): number {
  const numericA = /^[0-9]+$/.test(a);
  const numericB = /^[0-9]+$/.test(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  if (numericA && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
