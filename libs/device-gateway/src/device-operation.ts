import { type WallTime } from '@app/kernel';

/** An entry of a terminal's operation log: who did what at the keypad, and when by the terminal's own clock. */
export interface DeviceOperation {
  readonly wallTime: WallTime;
  /** The terminal's number of the operation: 9 is "user deleted", 22 "factory reset". */
  readonly operation: number;
  /** The administrator at the keypad, as the terminal counts them; 0: nobody was asked. */
  readonly operator: number;
  /** Four numbers whose meaning depends on the operation; the first is usually the slot concerned. */
  readonly parameters: readonly number[];
}
