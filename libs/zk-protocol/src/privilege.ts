/** The level in bits 1 to 3 of a privilege byte. */
export type PrivilegeLevel = 'user' | 'enroller' | 'manager' | 'custom' | 'super-administrator' | 'unknown';

const LEVELS: Readonly<Record<number, PrivilegeLevel>> = {
  0: 'user',
  2: 'enroller',
  6: 'manager',
  10: 'custom',
  12: 'manager',
  14: 'super-administrator',
};

/** Bit 0 says disabled; the byte itself is what is kept and compared. */
export function describePrivilege(privilege: number): { readonly level: PrivilegeLevel; readonly disabled: boolean } {
  return { level: LEVELS[privilege & 0x0e] ?? 'unknown', disabled: (privilege & 1) === 1 };
}
