import { type WallTime } from '@app/kernel';

/** A person enrolled on an emulated terminal, as the terminal stores him or her. */
export interface EmulatedUser {
  readonly slot: number;
  readonly userId: string;
  /** Bytes in whatever encoding; 24 at most, 8 on a terminal with 28-byte records. */
  readonly name: Buffer;
  readonly privilege: number;
  readonly password: string;
  readonly card: number;
  readonly group: number;
  readonly ownZones: boolean;
  readonly zones: readonly number[];
}

/** A fingerprint on an emulated terminal. */
export interface EmulatedTemplate {
  readonly slot: number;
  readonly finger: number;
  readonly flag: number;
  readonly template: Buffer;
}

/** A punch on an emulated terminal. */
export interface EmulatedPunch {
  readonly slot: number;
  readonly userId: string;
  readonly time: WallTime;
  readonly verify: number;
  readonly state: number;
}

/** An entry of an emulated operation log. */
export interface EmulatedOperation {
  readonly administrator: number;
  readonly operation: number;
  readonly time: WallTime;
  readonly parameters: readonly number[];
}
