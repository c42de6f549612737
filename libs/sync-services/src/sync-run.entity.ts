import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const RUN_OUTCOMES = ['running', 'succeeded', 'incomplete', 'failed', 'busy', 'abandoned'] as const;

/**
 * How a run ended. `incomplete`: the read could not be proven; `busy`: someone else held the lease; `abandoned`:
 * nobody finished it, since its process died or was stopped. Only `succeeded` has counts.
 */
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** One run of a sync service against one device, from lease request to lease release. */
@Entity('sync_runs')
@Index('sync_runs_device', ['deviceId', 'startedAt'])
@Check('sync_runs_outcome', `outcome in ('${RUN_OUTCOMES.join("', '")}')`)
export class SyncRunRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  /** The service that ran, by its name in the requirements: `machineSyncService`, … */
  @Column('text') service: string;
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('timestamptz', { name: 'started_at' }) startedAt: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
  @Column('text') outcome: RunOutcome;
  @Column('text', { name: 'error_code', nullable: true }) errorCode: string | null;
  @Column('text', { name: 'error_message', nullable: true }) errorMessage: string | null;
  @Column('bigint', { name: 'lease_token', nullable: true }) leaseToken: string | null;
  @Column('integer', { name: 'users_read', nullable: true }) usersRead: number | null;
  @Column('integer', { nullable: true }) mapped: number | null;
  @Column('integer', { nullable: true }) unmapped: number | null;
  @Column('integer', { name: 'newly_buffered', nullable: true }) newlyBuffered: number | null;
  @Column('integer', { nullable: true }) updated: number | null;
  @Column('integer', { name: 'already_buffered', nullable: true }) alreadyBuffered: number | null;
  /** Records that decoded but cannot be a user, such as one without an ID. */
  @Column('integer', { nullable: true }) invalid: number | null;
  @Column('integer', { name: 'punches_read', nullable: true }) punchesRead: number | null;
  /** Those that were not known yet. */
  @Column('integer', { name: 'punches_imported', nullable: true }) punchesImported: number | null;
  /** Why the users were read and the punches were not. */
  @Column('text', { name: 'punch_error_code', nullable: true }) punchErrorCode: string | null;
  @Column('text', { name: 'punch_error_message', nullable: true }) punchErrorMessage: string | null;
  /** By how much the terminal's clock was ahead of ours. */
  @Column('double precision', { name: 'clock_drift_seconds', nullable: true }) clockDriftSeconds: number | null;
  /** What made the read complete: counters, bytes, records. */
  @Column('jsonb', { nullable: true }) proof: Record<string, unknown> | null;
}
