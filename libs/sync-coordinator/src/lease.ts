import { type Tx } from '@app/database';
import { type Clock } from '@app/kernel';
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

  /**
   * Must be asked right before a write to the device: waits while the holder before may still be sending, and makes sure
   * that the term, by the database's clock, lasts for as long as the write may take.
   * @param lastsMs how long the write may take
   * @returns until when it may be sent and answered, in `clock.monotonicMs()`, counted from before the question
   * @throws {LeaseLostError} the term is over, or ends too soon @throws {AbortedError} its signal fired during the wait
   */
  async readyToWrite(clock: Clock, lastsMs: number): Promise<number> {
    for (;;) {
      const askedAtMs = clock.monotonicMs();
      const waitMs = await this.askHowLongWritesWait(lastsMs);
      if (waitMs === 0) return askedAtMs + lastsMs;
      await clock.sleep(waitMs, this.signal);
    }
  }

  private async askHowLongWritesWait(lastsMs: number): Promise<number> {
    const rows = await this.dataSource.query<{ wait_ms: number }[]>(
      `select coalesce(greatest(ceil(extract(epoch from writes_not_before - clock_timestamp()) * 1000), 0), 0)::int as wait_ms
         from sync_locks
        where lock_key = $1 and holder_nonce = $2 and token = $3
          and expires_at >= clock_timestamp() + $4 * interval '1 ms'`,
      [this.key, this.nonce, this.token, lastsMs],
    );
    if (rows.length === 0) throw new LeaseLostError(this.key, this.token);
    return rows[0].wait_ms;
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
