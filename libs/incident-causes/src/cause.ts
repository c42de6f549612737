import { type DeviceUserId } from '@app/kernel';

export const CAUSES = [
  'own_write',
  'keypad_deletion',
  'data_cleared',
  'factory_reset',
  'terminal_replaced',
  'firmware_change',
  'restart',
  'memory_full',
  'renumbered',
  'other_program',
  'bulk_wipe',
  'unknown',
] as const;
/** What can make users vanish from a terminal. */
export type Cause = (typeof CAUSES)[number];

/**
 * How well a cause is shown. `proven`: a record names the act and the users. `likely`: what was seen fits it, and hardly
 * anything else. `possible`: it fits, and so may other causes. `none`: nothing was found, which is what `unknown` means.
 */
export type Confidence = 'proven' | 'likely' | 'possible' | 'none';

/** One cause with what speaks for it. Stored with the incident and shown by the API as it is. */
export interface RankedCause {
  readonly cause: Cause;
  readonly confidence: Confidence;
  /** 0 to 1; the ranking goes by it. */
  readonly score: number;
  /** The lost users that it explains. */
  readonly device_user_ids: readonly DeviceUserId[];
  /** What speaks for it, a sentence each, with times and numbers. */
  readonly evidence: readonly string[];
}
