import { type WallTime } from '@app/kernel';
import { type CompletePunchRead } from './complete-punch-read.js';
import { type CompleteUserRead } from './complete-user-read.js';
import { type DeviceCounters, type DeviceIdentity } from './device-user.js';

/** How far a read is. */
export interface ReadProgress {
  readonly stage: 'counting' | 'reading' | 'proving' | 'reading_punches';
  readonly receivedBytes: number;
  /** Known once the terminal has announced it. */
  readonly totalBytes?: number;
}

export interface ReadOptions {
  readonly onProgress?: (progress: ReadProgress) => void;
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
  abstract readUsers(options?: ReadOptions): Promise<CompleteUserRead>;

  /**
   * The whole punch log, proven. `users` is the user list of the same session.
   * @throws {IncompleteReadError} it is not proven that these are all
   * @throws {DeviceError} the session broke
   */
  abstract readPunches(users: CompleteUserRead, options?: ReadOptions): Promise<CompletePunchRead>;

  /** @throws {DeviceError} */
  abstract readCounters(): Promise<DeviceCounters>;

  /** What the terminal's clock shows. @throws {DeviceError} */
  abstract readClock(): Promise<WallTime>;

  /** Says goodbye and lets go of the socket; never throws. */
  abstract close(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
