/** What a terminal's operation log can tell, by number; 14 to 20 are about cards, 25 to 28 about access (docs/protocol/zk-operations.md). */
export const ZkOperation = {
  POWER_ON: 0,
  POWER_OFF: 1,
  VERIFICATION_FAILED: 2,
  TAMPERED: 3,
  MENU_ENTERED: 4,
  SETTING_CHANGED: 5,
  FINGER_ENROLLED: 6,
  PASSWORD_ADDED: 7,
  CARD_REGISTERED: 8,
  USER_DELETED: 9,
  FINGER_DELETED: 10,
  PASSWORD_DELETED: 11,
  CARD_DELETED: 12,
  DATA_CLEARED: 13,
  TIME_SET: 21,
  FACTORY_RESET: 22,
  PUNCHES_CLEARED: 23,
  ADMINISTRATORS_CLEARED: 24,
  UNLOCKED: 29,
  USER_ENROLLED: 30,
} as const;
export type ZkOperation = (typeof ZkOperation)[keyof typeof ZkOperation];

const DESCRIPTIONS: Readonly<Record<ZkOperation, string>> = {
  0: 'switched on',
  1: 'switched off',
  2: 'alarm: verification failed',
  3: 'alarm: tampered with',
  4: 'menu entered',
  5: 'setting changed',
  6: 'finger enrolled',
  7: 'password added',
  8: 'card registered',
  9: 'user deleted',
  10: 'finger deleted',
  11: 'password deleted',
  12: 'card deleted',
  13: 'data cleared',
  21: 'time set',
  22: 'factory reset',
  23: 'punches cleared',
  24: 'administrators cleared',
  29: 'door unlocked',
  30: 'user enrolled',
};

/** `user deleted`; `operation 77` for one that we have no name for. */
export function describeOperation(code: number): string {
  if (code >= 14 && code <= 20) return `card operation (${code})`;
  if (code >= 25 && code <= 28) return `access setting changed (${code})`;
  return DESCRIPTIONS[code as ZkOperation] ?? `operation ${code}`;
}
