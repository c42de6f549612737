import { type Tx } from '@app/database';
import { type Notice } from './notice.js';

/**
 * The way out for everything that administrators must learn. What is announced is stored in the caller's transaction, so
 * that it is told if and only if what it tells of is true; it leaves within a minute, and is tried until it has.
 */
export abstract class Notifications {
  /** Stores a notice for every channel that wants it. */
  abstract announce(tx: Tx, notice: Notice): Promise<void>;

  /** Ends the reminders of a subject; what was announced already is still delivered. */
  abstract settle(tx: Tx, subject: string): Promise<void>;
}
