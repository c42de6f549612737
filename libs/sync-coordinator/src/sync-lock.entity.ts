import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One lease per key. The row is never deleted, so that its token never starts again; a trigger sees to it. */
@Entity('sync_locks')
@Index('sync_locks_lock_key', ['lockKey'], { unique: true })
@Index('sync_locks_expires_at', { synchronize: false })
export class SyncLock {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('text', { name: 'lock_key' }) readonly lockKey: string;
  /** Fencing token: grows with every acquisition. */
  @Column('bigint', { default: 0 }) readonly token: string;
  /** New for every attempt; null: free. */
  @Column('uuid', { name: 'holder_nonce', nullable: true }) readonly holderNonce: string | null;
  /** `service@host:pid`, for people. */
  @Column('text', { name: 'acquired_by', nullable: true }) readonly acquiredBy: string | null;
  @Column('timestamptz', { name: 'acquired_at', nullable: true }) readonly acquiredAt: Date | null;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) readonly expiresAt: Date | null;
  /** After a takeover, writes to the device wait until then; reads do not. */
  @Column('timestamptz', { name: 'writes_not_before', nullable: true }) readonly writesNotBefore: Date | null;
  @Column('bigint', { default: 0 }) readonly takeovers: string;
  /** Who held the lease that the present holder took over; null after an orderly release. */
  @Column('text', { name: 'taken_over_from', nullable: true }) readonly takenOverFrom: string | null;
  @Column('timestamptz', { name: 'last_released_at', nullable: true }) readonly lastReleasedAt: Date | null;
}

export const SYNC_COORDINATOR_ENTITIES = [SyncLock];
