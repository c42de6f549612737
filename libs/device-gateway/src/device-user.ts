import { type DeviceUserId, type Slot } from '@app/kernel';

/** Who a terminal says it is. */
export interface DeviceIdentity {
  readonly serialNumber: string;
  readonly model?: string;
  readonly platform?: string;
  readonly firmware?: string;
}

/** The terminal's own counters; what it does not tell is undefined. */
export interface DeviceCounters {
  readonly users: number;
  readonly templates?: number;
  readonly punches?: number;
  readonly userCapacity?: number;
  readonly templateCapacity?: number;
  readonly punchCapacity?: number;
  readonly faces?: number;
}

/** A user as a terminal holds it. The PIN stays on the terminal: only whether there is one is told. */
export interface DeviceUser {
  readonly deviceUserId: DeviceUserId;
  /** The ID as the terminal stores it, leading zeros included. */
  readonly rawUserId: string;
  /** Null: the terminal has no slots. */
  readonly slot: Slot | null;
  /** Name and card; undefined: not asked for in this read, since the terminal tells them one user at a time. */
  readonly details?: UserDetails;
  /** The terminal's privilege byte, as it is; undefined: not told in this read. */
  readonly privilege?: number;
  readonly groupId: number | null;
  /** The user's own time zones, `2,1,0`; null: those of the group. */
  readonly timezoneId: string | null;
  readonly hasPin: boolean;
}

/** What some terminals tell with the list, and others of one user at a time. */
export interface UserDetails {
  /** Decoded by the device's encoding; null: none. */
  readonly name: string | null;
  readonly nameBytes: Buffer;
  /** Decimal, without leading zeros; null: none. */
  readonly cardNumber: string | null;
}

/** A record that decodes but cannot be a user. */
export interface InvalidRecord {
  readonly slot: Slot;
  readonly reason: string;
}
