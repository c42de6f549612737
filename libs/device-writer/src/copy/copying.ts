import { type CopyContents } from './spooled-copy.js';

/** How far a sitting is, in what the terminal counts in. */
export interface SittingProgress {
  readonly stage: 'listing' | 'credentials';
  readonly done: number;
  readonly of: number;
  readonly unit: 'bytes' | 'users';
}

/** One sitting at a terminal: how long it may last, and who is told how far it is. */
export interface Sitting {
  /** Asked after each piece; false: the next piece belongs to the next sitting. */
  mayGoOn(): boolean;
  onProgress(progress: SittingProgress): void;
}

/**
 * A copy in the making, over as many sittings as it takes. Each sitting proves anew that the terminal is as it was in the
 * first; what is not so makes the copy fail, and nothing of it is used.
 */
export interface Copying<Session> extends AsyncDisposable {
  /** Goes on where the last sitting ended. True: everything has been read. @throws {IncompleteReadError} @throws {DeviceError} */
  sit(session: Session, sitting: Sitting): Promise<boolean>;
  /** After the last sitting; takes the spool along. @throws {IncompleteReadError} it is not proven that this is all */
  finish(): CopyContents;
}
