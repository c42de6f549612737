import { type DeviceUserId, type WallTime } from '@app/kernel';
import { type CompletePunchRead, type LogPosition } from './complete-punch-read.js';
import { type CompleteUserRead } from './complete-user-read.js';
import { type DeviceOperation } from './device-operation.js';
import { type DeviceCounters, type DeviceIdentity } from './device-user.js';

/** How far a read is. */
export interface ReadProgress {
  readonly stage: 'counting' | 'reading' | 'proving' | 'reading_details' | 'reading_punches';
  readonly receivedBytes: number;
  /** Known once the terminal has announced it. */
  readonly totalBytes?: number;
  /** While details are asked for one user at a time: how many have been, and how many are to be. */
  readonly details?: { readonly done: number; readonly of: number };
}

export interface ReadOptions {
  readonly onProgress?: (progress: ReadProgress) => void;
}

export interface UserReadOptions extends ReadOptions {
  /**
   * When the details of each user were last read, for terminals that tell them one user at a time: those are asked
   * first for users of whom nothing is known, then again for the oldest. Unset: nothing is known of anybody.
   */
  readonly detailsReadAt?: ReadonlyMap<DeviceUserId, Date>;
}

export interface PunchReadOptions extends ReadOptions {
  /** Where the last proven read ended; terminals whose log can be read from a day on use it. */
  readonly position?: LogPosition;
}

/**
 * An open session with a terminal, for reading. It has no method that writes and none that sends what it is given;
 * below it, an allow-list at the socket refuses every other command (requirement 3.1).
 */
export abstract class DeviceReader implements AsyncDisposable {
  abstract readonly identity: DeviceIdentity;

  /**
   * Every user, proven.
   * @throws {IncompleteReadError} it is not proven that these are all
   * @throws {DeviceError} the session broke
   */
  abstract readUsers(options?: UserReadOptions): Promise<CompleteUserRead>;

  /**
   * The punch log, proven: all of it, or all since the day of `position`. `users` is the user list of the same session.
   * @throws {IncompleteReadError} it is not proven that these are all
   * @throws {DeviceError} the session broke
   */
  abstract readPunches(users: CompleteUserRead, options?: PunchReadOptions): Promise<CompletePunchRead>;

  /** @throws {DeviceError} */
  abstract readCounters(): Promise<DeviceCounters>;

  /**
   * The terminal's own log of what operators did at its keypad, oldest first; undefined: it keeps none that can be read.
   * @throws {IncompleteReadError} it is not proven that this is all of it
   * @throws {DeviceError} the session broke
   */
  async readOperations(): Promise<readonly DeviceOperation[] | undefined> {
    return undefined;
  }

  /** What the terminal's clock shows. @throws {DeviceError} */
  abstract readClock(): Promise<WallTime>;

  /** Says goodbye and lets go of the socket; never throws. */
  abstract close(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
