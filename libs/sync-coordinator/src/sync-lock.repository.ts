import { type PreparedStatement, runPrepared } from '@app/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type LeaseTerm } from './lease.js';
import { SyncLock } from './sync-lock.entity.js';

/** How long writes to a device wait after somebody else's term ended without a release (safety design 1). */
const WRITE_DELAY = `interval '15 s'`;
const BATCH = 100;

/** A term just begun, and who was thrown out for it. */
export interface GrantedTerm extends LeaseTerm {
  /** Whoever held the term that had run out; null: the lock was free. */
  readonly takenOverFrom: string | null;
}

/** An expired term that clean-up freed. */
export interface FreedLease {
  readonly key: string;
  readonly acquiredBy: string;
  readonly token: string;
}

/** Who asks: a nonce of this attempt, `service@host:pid`, and for how long. */
interface WantedTerm {
  readonly nonce: string;
  readonly holder: string;
  readonly ttlMs: number;
}

interface TermRow {
  readonly token: string;
  readonly expires_at: Date;
  readonly writes_not_before: Date | null;
  readonly taken_over_from: string | null;
}

const TAKE: PreparedStatement = {
  name: 'sync-locks-take',
  text: `update sync_locks l set
      token = l.token + (l.holder_nonce is distinct from $2)::int, holder_nonce = $2, acquired_by = $3,
      acquired_at = clock_timestamp(), expires_at = clock_timestamp() + $4 * interval '1 ms',
      takeovers = l.takeovers + (l.holder_nonce <> $2 is true)::int,
      taken_over_from = case when l.holder_nonce <> $2 then l.acquired_by end,
      writes_not_before = case when l.holder_nonce <> $2 then clock_timestamp() + ${WRITE_DELAY} else l.writes_not_before end
    where l.lock_key = $1
      and (l.holder_nonce is null or l.expires_at < clock_timestamp() or l.holder_nonce = $2) -- an answer was lost
    returning token, expires_at, writes_not_before, taken_over_from`,
};
const END = `update sync_locks set holder_nonce = null, acquired_by = null, acquired_at = null, expires_at = null,
  last_released_at = clock_timestamp()`;
const RELEASE: PreparedStatement = {
  name: 'sync-locks-release',
  text: `${END} where lock_key = $1 and holder_nonce = $2 and token = $3`,
};
const FORGET: PreparedStatement = {
  name: 'sync-locks-forget',
  text: `${END} where lock_key = $1 and holder_nonce = $2`,
};

/**
 * The statements on `sync_locks`, each of them atomic by itself. All times are `clock_timestamp()` of the database:
 * not `now()`, which stands still in a transaction, and not a clock of ours. A trigger audits what they change.
 */
@Injectable()
export class SyncLockRepository {
  /** Keys that have a row; rows are never deleted. */
  private readonly known = new Set<string>();

  constructor(private readonly dataSource: DataSource) {}

  /** Begins a term if the lock is free or its term has run out; undefined: somebody holds it. */
  async tryAcquire(key: string, wanted: WantedTerm & { readonly service: string }): Promise<GrantedTerm | undefined> {
    const row = (await this.take(key, wanted)) ?? (this.known.has(key) ? undefined : await this.create(key, wanted));
    this.known.add(key);
    return (
      row && {
        key,
        token: row.token,
        nonce: wanted.nonce,
        service: wanted.service,
        expiresAt: row.expires_at,
        writesNotBefore: row.writes_not_before,
        takenOverFrom: row.taken_over_from,
      }
    );
  }

  /** Gives back this very term; false: it was not in force any more, and nothing was changed. */
  async release({ key, nonce, token }: LeaseTerm): Promise<boolean> {
    const { touched } = await runPrepared(this.dataSource, RELEASE, [key, nonce, token]);
    return touched > 0;
  }

  /** Gives back whatever the attempt `nonce` may have got before its answer was lost. */
  async forget(key: string, nonce: string): Promise<boolean> {
    const { touched } = await runPrepared(this.dataSource, FORGET, [key, nonce]);
    return touched > 0;
  }

  /** Frees terms that ran out, and keeps the next holder's device writes waiting. */
  async freeExpired(): Promise<FreedLease[]> {
    const [rows] = await this.dataSource.query<[{ lock_key: string; acquired_by: string; token: string }[], number]>(
      `with dead as (select lock_key, acquired_by, token from sync_locks
                      where expires_at < clock_timestamp() order by expires_at limit ${BATCH}
                        for update skip locked)
       update sync_locks s set holder_nonce = null, acquired_by = null, acquired_at = null, expires_at = null,
              writes_not_before = clock_timestamp() + ${WRITE_DELAY}
         from dead d where s.lock_key = d.lock_key and s.token = d.token
       returning d.lock_key, d.acquired_by, d.token`,
    );
    return rows.map(({ lock_key: key, acquired_by: acquiredBy, token }) => ({ key, acquiredBy, token }));
  }

  /** The row of a lock, and whether its term is in force. */
  async find(key: string): Promise<{ readonly lock: SyncLock; readonly held: boolean } | undefined> {
    const { entities, raw } = await this.dataSource
      .createQueryBuilder(SyncLock, 'lock')
      .addSelect('lock.expires_at >= clock_timestamp()', 'held')
      .where('lock.lockKey = :key', { key })
      .getRawAndEntities<{ held: boolean | null }>();
    if (entities.length === 0) {
      this.known.delete(key); // a database that was put back from a copy may lack the row
      return undefined;
    }
    return { lock: entities[0], held: raw[0].held === true };
  }

  /** A lock that somebody holds is passed over without being touched, so that rivals do not queue before its holder. */
  private async take(key: string, { nonce, holder, ttlMs }: WantedTerm): Promise<TermRow | undefined> {
    const { rows } = await runPrepared<TermRow>(this.dataSource, TAKE, [key, nonce, holder, ttlMs]);
    return rows[0];
  }

  private async create(key: string, { nonce, holder, ttlMs }: WantedTerm): Promise<TermRow | undefined> {
    const [row] = await this.dataSource.query<TermRow[]>(
      `insert into sync_locks (lock_key, token, holder_nonce, acquired_by, acquired_at, expires_at)
       values ($1, 1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * interval '1 ms')
       on conflict (lock_key) do nothing
       returning token, expires_at, writes_not_before, taken_over_from`,
      [key, nonce, holder, ttlMs],
    );
    return row;
  }
}
