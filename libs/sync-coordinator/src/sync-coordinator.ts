import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { sqlState, SqlState } from '@app/database';
import { Clock } from '@app/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { COORDINATION_OPTIONS, type CoordinationOptions } from './coordination-options.js';
import { Lease } from './lease.js';
import { LeaseBusyError, LeaseLostError } from './sync-coordinator.errors.js';
import { type FreedLease, type GrantedTerm, SyncLockRepository } from './sync-lock.repository.js';

/** Who wants a lease. */
export interface LeaseRequest {
  /** The service's name in the requirements: `machineSyncService`, … */
  readonly service: string;
  /** Gives up waiting for the lease. */
  readonly signal?: AbortSignal;
}

/** What is known of a lock from outside. */
export interface LockStatus {
  readonly held: boolean;
  /** `service@host:pid`; null when nobody holds it. */
  readonly acquiredBy: string | null;
  readonly acquiredAt: Date | null;
  readonly expiresAt: Date | null;
  readonly token: string;
}

const SMALLEST_MARGIN_MS = 5_000;
const MARGIN = 0.1;

/** The lock key of a device: every service, backup and write competes for the same one. */
export function deviceLockKey(deviceId: string): string {
  return `device:${deviceId}`;
}

/**
 * Lets services take turns at a device, across processes and hosts (requirement 7). Times come from the database's
 * clock; a token that only grows fences off a holder whose term has ended (safety design 1). Every acquisition,
 * release and expiry is in the audit log, written by a trigger together with the change itself.
 */
@Injectable()
export class SyncCoordinator {
  /** How often leases were asked for since the process began, and how long that took; without what was given up by the asker. */
  readonly waits = { acquired: 0, waited: 0, waitedMs: 0, gaveUp: 0 };
  private readonly logger = new Logger(SyncCoordinator.name);
  private readonly trust = new WeakMap<Lease, NodeJS.Timeout>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly locks: SyncLockRepository,
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
    const begunAtMs = this.clock.monotonicMs();
    for (let retry = 0; ; retry += 1) {
      const lease = await this.tryAcquire(key, request, nonce);
      if (lease) this.noteAcquired(retry > 0, begunAtMs);
      if (lease) return lease;
      if (retry === retries.retries) break;
      await this.clock.sleep(retries.delayMs(retry + 1), request.signal);
    }
    this.waits.gaveUp += 1;
    this.waits.waitedMs += this.clock.monotonicMs() - begunAtMs;
    const status = await this.checkLockStatus(key);
    throw new LeaseBusyError(key, status.acquiredBy, status.expiresAt);
  }

  /** Gives this very term back; false when it was not in force any more, and then nothing is changed. */
  async releaseLock(lease: Lease): Promise<boolean> {
    this.endTrust(lease);
    return this.locks.release(lease);
  }

  /** Who holds a lock now, by the database's clock. */
  async checkLockStatus(key: string): Promise<LockStatus> {
    const found = await this.locks.find(key);
    const token = found?.lock.token ?? '0';
    if (!found?.held) return { held: false, acquiredBy: null, acquiredAt: null, expiresAt: null, token };
    const { acquiredBy, acquiredAt, expiresAt } = found.lock;
    return { held: true, acquiredBy, acquiredAt, expiresAt, token };
  }

  /** Frees terms that ran out and warns with the names of those who held them (requirement 7.5). */
  async cleanupExpiredLocks(): Promise<FreedLease[]> {
    const freed = await this.locks.freeExpired();
    for (const { key, acquiredBy, token } of freed) this.warnOfExpiry(key, acquiredBy, token);
    return freed;
  }

  private async tryAcquire(key: string, { service }: LeaseRequest, nonce: string): Promise<Lease | undefined> {
    const { ttlMs } = this.options;
    const holder = `${service}@${hostname()}:${process.pid}`;
    // Counted from before the statement is sent: whenever the database granted the term, it ends no earlier.
    const sentAtMs = this.clock.monotonicMs();
    const term = await this.askFor(key, { nonce, holder, service, ttlMs });
    if (!term) return undefined;
    if (term.takenOverFrom !== null) this.warnOfExpiry(key, term.takenOverFrom, String(BigInt(term.token) - 1n));
    const ending = new AbortController();
    const lease = new Lease(term, this.dataSource, ending.signal);
    const trustMs = ttlMs - Math.max(Math.min(SMALLEST_MARGIN_MS, ttlMs / 2), ttlMs * MARGIN);
    const leftMs = Math.max(trustMs - (this.clock.monotonicMs() - sentAtMs), 0);
    const timer = setTimeout(() => ending.abort(new LeaseLostError(key, term.token)), leftMs);
    timer.unref();
    this.trust.set(lease, timer);
    return lease;
  }

  /** A holder that is just storing blocks its row for a while: that is busy too. */
  private async askFor(
    key: string,
    wanted: Parameters<SyncLockRepository['tryAcquire']>[1],
  ): Promise<GrantedTerm | undefined> {
    try {
      return await this.locks.tryAcquire(key, wanted);
    } catch (error) {
      if (sqlState(error) === SqlState.LOCK_NOT_AVAILABLE) return undefined;
      // The term may have been granted and its answer lost; then nobody holds what nobody knows of.
      await this.locks.forget(key, wanted.nonce).catch(() => undefined);
      throw error;
    }
  }

  private noteAcquired(afterWait: boolean, begunAtMs: number): void {
    this.waits.acquired += 1;
    if (!afterWait) return;
    this.waits.waited += 1;
    this.waits.waitedMs += this.clock.monotonicMs() - begunAtMs;
  }

  private warnOfExpiry(key: string, holder: string, token: string): void {
    this.logger.warn({
      msg: 'an expired lease was freed; its holder died or was too slow',
      key,
      holder,
      fencing_token: token,
    });
  }

  private endTrust(lease: Lease): void {
    clearTimeout(this.trust.get(lease));
    this.trust.delete(lease);
  }

  /** What the work came to matters more than a release that failed: the term runs out by itself. */
  private async releaseQuietly(lease: Lease): Promise<void> {
    const about = { key: lease.key, fencing_token: lease.token };
    try {
      if (!(await this.releaseLock(lease)))
        this.logger.warn({ msg: 'a lease had ended before its work did', ...about });
    } catch (error) {
      this.logger.warn({ msg: 'a lease could not be released and will run out', ...about, err: error });
    }
  }
}
