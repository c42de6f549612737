import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  IdempotencyNotReplayableError,
} from './idempotency.errors.js';

const KEPT_FOR = '24 hours';
/** No request takes so long: the server that began it has died. */
const ABANDONED_AFTER = '5 minutes';
const REMOVED_AT_ONCE = 5_000;

/** A request as it is recognised when it comes again. */
export interface KeyedRequest {
  readonly actor: string;
  readonly keyHash: Buffer;
  /** Method and path, for people. */
  readonly request: string;
  readonly digest: Buffer;
}

/** What is given again, byte by byte. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The right to do a request, or the answer that it got when it was done. */
export type Claim = { readonly attempt: string } | { readonly answer: KeptAnswer };

/** Remembers for a day which requests were sent with a key, and how they were answered. */
@Injectable()
export class IdempotencyStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Gives one caller of many the right to do the request; the others learn how it ended.
   * @throws {IdempotencyKeyReusedError} {@link IdempotencyInProgressError} {@link IdempotencyNotReplayableError}
   */
  async claim(wanted: KeyedRequest): Promise<Claim> {
    for (;;) {
      const attempt = await this.tryClaim(wanted);
      if (attempt !== undefined) return { attempt };
      const found = await this.find(wanted);
      if (!found) continue; // it was removed between the two statements
      if (!found.digest.equals(wanted.digest)) throw new IdempotencyKeyReusedError();
      if (found.state === 'in_progress' || found.status === null) throw new IdempotencyInProgressError();
      if (found.state === 'unkept') throw new IdempotencyNotReplayableError(found.status);
      return { answer: { status: found.status, headers: found.headers ?? {}, body: found.body ?? '' } };
    }
  }

  /** Keeps the answer for the repetitions, unless another attempt has taken over. */
  async keep({ actor, keyHash }: KeyedRequest, attempt: string, answer: KeptAnswer): Promise<void> {
    await this.dataSource.query(
      `update idempotency_keys set state = 'answered', status = $4, headers = $5, body = $6
        where actor = $1 and key_hash = $2 and attempt = $3`,
      [actor, keyHash, attempt, answer.status, JSON.stringify(answer.headers), answer.body],
    );
  }

  /** Notes that it was answered, and not how. */
  async keepStatus({ actor, keyHash }: KeyedRequest, attempt: string, status: number): Promise<void> {
    await this.dataSource.query(
      `update idempotency_keys set state = 'unkept', status = $4 where actor = $1 and key_hash = $2 and attempt = $3`,
      [actor, keyHash, attempt, status],
    );
  }

  /** The request came to nothing that lasts: the next one with this key is done anew. */
  async forget({ actor, keyHash }: KeyedRequest, attempt: string): Promise<void> {
    await this.dataSource.query('delete from idempotency_keys where actor = $1 and key_hash = $2 and attempt = $3', [
      actor,
      keyHash,
      attempt,
    ]);
  }

  /** Removes what is older than a day, a part at a time; gives how many. */
  async removeExpired(): Promise<number> {
    const [, removed] = await this.dataSource.query<[unknown, number]>(
      `delete from idempotency_keys where ctid in
         (select ctid from idempotency_keys where expires_at <= clock_timestamp() limit $1 for update skip locked)`,
      [REMOVED_AT_ONCE],
    );
    return removed === REMOVED_AT_ONCE ? removed + (await this.removeExpired()) : removed;
  }

  private async tryClaim({ actor, keyHash, request, digest }: KeyedRequest): Promise<string | undefined> {
    const rows = await this.dataSource.query<{ attempt: string }[]>(
      `insert into idempotency_keys as k (actor, key_hash, request, digest, state, attempt, expires_at)
       values ($1, $2, $3, $4, 'in_progress', $5, clock_timestamp() + interval '${KEPT_FOR}')
       on conflict (actor, key_hash) do update set
         request = excluded.request, digest = excluded.digest, state = excluded.state, attempt = excluded.attempt,
         status = null, headers = null, body = null, created_at = clock_timestamp(), expires_at = excluded.expires_at
       where k.expires_at <= clock_timestamp()
          or (k.state = 'in_progress' and k.digest = excluded.digest
              and k.created_at <= clock_timestamp() - interval '${ABANDONED_AFTER}')
       returning attempt`,
      [actor, keyHash, request, digest, randomUUID()],
    );
    return rows[0]?.attempt;
  }

  private async find({ actor, keyHash }: KeyedRequest): Promise<FoundRow | undefined> {
    const rows = await this.dataSource.query<FoundRow[]>(
      'select digest, state, status, headers, body from idempotency_keys where actor = $1 and key_hash = $2',
      [actor, keyHash],
    );
    return rows[0];
  }
}

interface FoundRow {
  readonly digest: Buffer;
  readonly state: 'in_progress' | 'answered' | 'unkept';
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: string | null;
}
