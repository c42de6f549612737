import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Clock } from '@app/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { COORDINATION_OPTIONS, type CoordinationOptions } from './coordination-options.js';
import { Lease } from './lease.js';
import { LeaseBusyError, LeaseLostError } from './sync-coordinator.errors.js';
import { SyncLock } from './sync-lock.entity.js';

/** Who wants a lease. */
export interface LeaseRequest {
  readonly service: string;
  /** Gives up waiting for the lease. */
  readonly signal?: AbortSignal;
}

/** What is known of a lock from outside. */
export interface LockStatus {
  readonly held: boolean;
  readonly acquiredBy: string | null;
  readonly expiresAt: Date | null;
  readonly token: string;
}

/** An expired term that clean-up freed. */
export interface FreedLease {
  readonly key: string;
  readonly acquiredBy: string;
  readonly token: string;
}

const SMALLEST_MARGIN_MS = 5_000;

/** The lock key of a device: every service, backup and write competes for the same one. */
export function deviceLockKey(deviceId: string): string {
  return `device:${deviceId}`;
}

/**
 * Lets services take turns at a device, across processes and hosts (requirement 7). Times come from the database's
 * clock; a token that only grows fences off a holder whose term has ended. The statements are those of safety design 1.
 */
@Injectable()
export class SyncCoordinator {
  private readonly logger = new Logger(SyncCoordinator.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    @Inject(COORDINATION_OPTIONS) private readonly options: CoordinationOptions,
  ) {}

  /**
   * All that a service has to know: takes the lease, works, gives it back, whatever the work came to.
   * @throws {LeaseBusyError} and whatever `work` throws
   */
  async withLease<T>(key: string, request: LeaseRequest, work: (lease: Lease) => Promise<T>): Promise<T> {
    const lease = await this.acquireLock(key, request);
    try {
      return await work(lease);
    } finally {
      await this.releaseQuietly(lease);
    }
  }

  /**
   * One attempt and the retries of the options.
   * @throws {LeaseBusyError} naming the holder, when each of them found the lock held
   * @throws {AbortedError} `signal` fired while waiting
   */
  async acquireLock(key: string, request: LeaseRequest): Promise<Lease> {
    const nonce = randomUUID();
    const { retries } = this.options;
    for (let retry = 0; ; retry += 1) {
      const lease = await this.tryAcquire(key, request, nonce);
      if (lease) return lease;
      if (retry === retries.retries) break;
      await this.clock.sleep(retries.delayMs(retry + 1), request.signal);
    }
    const status = await this.checkLockStatus(key);
    throw new LeaseBusyError(key, status.acquiredBy, status.expiresAt);
  }

  /** Gives this very term back; false when it was not held any more, and then nothing is changed. */
  async releaseLock(lease: Lease): Promise<boolean> {
    this.endTrust(lease);
    const [, released] = await this.dataSource.query<[unknown, number]>(
      `update sync_locks set holder_nonce = null, acquired_by = null, acquired_at = null, expires_at = null,
              last_released_at = clock_timestamp()
        where lock_key = $1 and holder_nonce = $2 and token = $3`,
      [lease.key, lease.nonce, lease.token],
    );
    return released > 0;
  }

  /** Who holds a lock now, by the database's clock. */
  async checkLockStatus(key: string): Promise<LockStatus> {
    const lock = await this.dataSource
      .createQueryBuilder(SyncLock, 'lock')
      .where('lock.lockKey = :key and lock.expiresAt > clock_timestamp()', { key })
      .getOne();
    if (!lock) {
      const free = await this.dataSource.getRepository(SyncLock).findOne({ where: { lockKey: key } });
      return { held: false, acquiredBy: null, expiresAt: null, token: free?.token ?? '0' };
    }
    return { held: true, acquiredBy: lock.acquiredBy, expiresAt: lock.expiresAt, token: lock.token };
  }

  /** Frees terms that ran out, names who held them, and keeps the next holder's device writes waiting. */
  async cleanupExpiredLocks(): Promise<FreedLease[]> {
    const [rows] = await this.dataSource.query<[{ lock_key: string; acquired_by: string; token: string }[], number]>(
      `with dead as (select lock_key, acquired_by, token from sync_locks
                      where expires_at <= clock_timestamp() order by expires_at limit 100
                        for update skip locked)
       update sync_locks s set holder_nonce = null, acquired_by = null, acquired_at = null, expires_at = null,
              writes_not_before = clock_timestamp() + interval '15 s'
         from dead d where s.lock_key = d.lock_key and s.token = d.token
       returning d.lock_key, d.acquired_by, d.token`,
    );
    for (const { lock_key: key, acquired_by: holder, token } of rows) {
      this.logger.warn({ msg: 'an expired lease was freed; its holder died or was too slow', key, holder, token });
    }
    return rows.map(({ lock_key: key, acquired_by: acquiredBy, token }) => ({ key, acquiredBy, token }));
  }

  private readonly trust = new WeakMap<Lease, NodeJS.Timeout>();

  private async tryAcquire(key: string, { service }: LeaseRequest, nonce: string): Promise<Lease | undefined> {
    const { ttlMs } = this.options;
    // Counted from before the statement is sent: whenever the database granted the term, it ends no earlier.
    const sentAtMs = this.clock.monotonicMs();
    const rows = await this.dataSource.query<{ token: string; expires_at: Date }[]>(
      `insert into sync_locks as l (lock_key, token, holder_nonce, acquired_by, acquired_at, expires_at)
       values ($1, 1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * interval '1 ms')
       on conflict (lock_key) do update set
         token = l.token + 1, holder_nonce = $2, acquired_by = $3,
         acquired_at = clock_timestamp(), expires_at = clock_timestamp() + $4 * interval '1 ms',
         takeovers = l.takeovers + (l.holder_nonce is not null and l.holder_nonce <> $2)::int,
         writes_not_before = case when l.holder_nonce is not null and l.holder_nonce <> $2
                                  then clock_timestamp() + interval '15 s' else l.writes_not_before end
       where l.holder_nonce is null or l.expires_at <= clock_timestamp() or l.holder_nonce = $2
       returning token, expires_at`,
      [key, nonce, `${service}@${hostname()}:${process.pid}`, ttlMs],
    );
    if (rows.length === 0) return undefined;
    const [{ token, expires_at: expiresAt }] = rows;
    const ending = new AbortController();
    const lease = new Lease(key, token, nonce, service, expiresAt, ending.signal);
    const trustMs = ttlMs - Math.max(Math.min(SMALLEST_MARGIN_MS, ttlMs / 2), ttlMs / 10);
    const leftMs = Math.max(trustMs - (this.clock.monotonicMs() - sentAtMs), 0);
    const timer = setTimeout(() => ending.abort(new LeaseLostError(key, token)), leftMs);
    timer.unref();
    this.trust.set(lease, timer);
    return lease;
  }

  private endTrust(lease: Lease): void {
    clearTimeout(this.trust.get(lease));
    this.trust.delete(lease);
  }

  /** What the work came to matters more than a release that failed: the term runs out by itself. */
  private async releaseQuietly(lease: Lease): Promise<void> {
    const { key, token } = lease;
    try {
      if (!(await this.releaseLock(lease)))
        this.logger.warn({ msg: 'a lease had ended before its work did', key, token });
    } catch (error) {
      this.logger.warn({ msg: 'a lease could not be released and will run out', key, token, err: error });
    }
  }
}
