import { type DeviceUserId, type Slot, type WallTime } from '@app/kernel';

/** A punch as a terminal holds it. */
export interface DevicePunch {
  /** From old firmware that tells only the slot of somebody who is gone: `slot:17`. */
  readonly deviceUserId: DeviceUserId;
  readonly slot?: Slot;
  /** What the terminal's clock showed; it may be a day that no calendar has. */
  readonly wallTime: WallTime;
  /** How the user was recognised, as the terminal's number; its meaning depends on the model. */
  readonly verifyMode: number;
  /** 0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out, 255 none. */
  readonly state: number;
  readonly workCode: number | null;
}
