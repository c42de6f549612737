import { type DeviceUserId, type WallTime } from '@app/kernel';
import { type PunchLogPosition, type PunchPrecision } from './punch.entity.js';

/** Which device the punches are of, and how its clock is to be read. */
export interface ImportContext {
  readonly deviceId: string;
  readonly runId: string;
  /** IANA name */
  readonly timeZone: string;
}

/** A punch that a terminal's log holds. */
export interface LoggedPunch {
  readonly deviceUserId: DeviceUserId;
  readonly wallTime: WallTime;
  readonly verifyMode: number;
  readonly state: number;
  readonly workCode: number | null;
}

/** A log, in its own order, and a way to know its beginning again. */
export interface PunchLog {
  readonly punches: readonly LoggedPunch[];
  /** SHA-256 of the first `count` records as they came. */
  digestOfFirst(count: number): Buffer;
  /** The day that it begins with; undefined: it is the whole log. */
  readonly since?: string;
  readonly position?: PunchLogPosition;
}

/** A punch that a terminal hands over of its own accord; it has no place in a log. */
export type HandedOverPunch = Omit<LoggedPunch, 'workCode'>;

/** A punch that an AAS file tells of. */
export interface ReportedPunch {
  readonly deviceUserId: DeviceUserId;
  readonly wallTime: WallTime;
  readonly preciseTo: PunchPrecision;
  /** 0 in, 1 out; null: the file does not tell. */
  readonly state: number | null;
  readonly enteredByHand: boolean;
  /** From 1: the how-manieth of this user within this second, or this minute, in the whole file. */
  readonly ordinal: number;
}

/** read = imported + alreadyKnown. */
export interface ImportTotals {
  readonly read: number;
  readonly imported: number;
  readonly alreadyKnown: number;
}
