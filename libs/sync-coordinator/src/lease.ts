import { type Tx } from '@app/database';
import { type DataSource } from 'typeorm';
import { LeaseLostError } from './sync-coordinator.errors.js';

/** What makes a term this very term and no other. */
export interface LeaseTerm {
  readonly key: string;
  /** Fencing token: greater than that of every lease on this key before. */
  readonly token: string;
  readonly nonce: string;
  readonly service: string;
  /** By the database's clock. */
  readonly expiresAt: Date;
  /** Writes to the device wait until then: the holder before may still be sending. Null: they need not. */
  readonly writesNotBefore: Date | null;
}

/** A term of a lock: whoever has it may use the device, until it is given back or `signal` fires. */
export class Lease implements LeaseTerm {
  readonly key: string;
  readonly token: string;
  readonly nonce: string;
  readonly service: string;
  readonly expiresAt: Date;
  readonly writesNotBefore: Date | null;

  constructor(
    term: LeaseTerm,
    private readonly dataSource: DataSource,
    /** Fires at the trust deadline, some time before the term ends: device sessions close on it. */
    readonly signal: AbortSignal,
  ) {
    ({
      key: this.key,
      token: this.token,
      nonce: this.nonce,
      service: this.service,
      expiresAt: this.expiresAt,
      writesNotBefore: this.writesNotBefore,
    } = term);
  }

  /**
   * The only way to write on behalf of a run: a transaction that begins with the fence. Nobody takes the lease over
   * before it has ended, and none begins once the term is over. Keep it short; no device I/O inside.
   * @throws {LeaseLostError} the term is over; nothing was stored
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (tx) => {
      await this.fence(tx);
      return work(tx);
    });
  }

  /** Locks the term against a takeover and shows it to the triggers that ask for a lease. */
  private async fence(tx: Tx): Promise<void> {
    const rows: unknown[] = await tx.query(
      `select set_config('holdfast.lease_key', lock_key, true), set_config('holdfast.lease_nonce', holder_nonce::text, true),
              set_config('holdfast.lease_token', token::text, true)
         from (select lock_key, holder_nonce, token from sync_locks
                where lock_key = $1 and holder_nonce = $2 and token = $3 and expires_at >= clock_timestamp()
                  for share) term`,
      [this.key, this.nonce, this.token],
    );
    if (rows.length === 0) throw new LeaseLostError(this.key, this.token);
  }
}
