import { type Actor, type DeviceUserId } from '@app/kernel';

/** A device user as one complete read showed it. */
export interface Sighting {
  readonly deviceUserId: DeviceUserId;
  /** Null: the terminal has no slots. */
  readonly slot: number | null;
  /** Undefined: the terminal was not asked this time; what is known stays as it is. */
  readonly details?: {
    readonly name: string | null;
    /** The name as the terminal stores it; its encoding is a setting that may turn out wrong. */
    readonly nameBytes: Buffer;
    readonly cardNumber: string | null;
  };
  /** Undefined: not told this time; what is known stays as it is. */
  readonly privilege?: number;
  readonly groupId: number | null;
  readonly timezoneId: string | null;
  /** Whether a PIN is set; the PIN itself is not kept. */
  readonly hasPin: boolean;
}

/** Where and when a set of sightings was made, and for whom. */
export interface SightingContext {
  readonly deviceId: string;
  readonly seenAt: Date;
  readonly runId?: string;
  readonly service: string;
  readonly performedBy: Actor;
}

/** read = mapped + unmapped; unmapped = newlyBuffered + alreadyBuffered. */
export interface SightingTotals {
  readonly read: number;
  readonly mapped: number;
  readonly unmapped: number;
  readonly newlyBuffered: number;
  readonly alreadyBuffered: number;
  /** Rows whose attributes had changed, of mapped users too. */
  readonly updated: number;
}

/** What the buffer keeps of a user of a terminal: all that it tells, never the PIN. */
export function sightingOf(user: Sighting): Sighting {
  const { deviceUserId, slot, details, privilege, groupId, timezoneId, hasPin } = user;
  return { deviceUserId, slot, details, privilege, groupId, timezoneId, hasPin };
}
