import { type Tx } from '@app/database';
import { LeaseLostError } from './sync-coordinator.errors.js';

/** A term of the device lock: whoever has it may use the device, until it is given back or `signal` fires. */
export class Lease {
  constructor(
    readonly key: string,
    /** Fencing token: greater than that of every lease on this key before. */
    readonly token: string,
    /** Distinguishes this very term. */
    readonly nonce: string,
    readonly service: string,
    /** By the database's clock. */
    readonly expiresAt: Date,
    /** Fires at the trust deadline, some time before the term ends: device sessions close on it. */
    readonly signal: AbortSignal,
  ) {}

  /**
   * The first statement of every transaction that writes on behalf of a run: holds off a takeover until it commits.
   * @throws {LeaseLostError} the term is over
   */
  async fence(tx: Tx): Promise<void> {
    const rows: unknown[] = await tx.query(
      `select 1 from sync_locks
        where lock_key = $1 and holder_nonce = $2 and token = $3 and expires_at > clock_timestamp() for share`,
      [this.key, this.nonce, this.token],
    );
    if (rows.length === 0) throw new LeaseLostError(this.key, this.token);
  }
}
