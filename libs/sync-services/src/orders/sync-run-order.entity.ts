import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const ORDER_STATES = ['waiting', 'taken', 'done', 'failed', 'withdrawn'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** A run that one process asks of the process that a terminal is connected to. Kept for a day. */
@Entity('sync_run_orders')
@Index('sync_run_orders_waiting', ['id'], { where: `state = 'waiting'` })
@Check('sync_run_orders_state', `state in ('${ORDER_STATES.join("', '")}')`)
@Check('sync_run_orders_taken', `state in ('waiting', 'withdrawn') or taken_by is not null`)
@Check('sync_run_orders_outcome', `(state in ('done', 'failed')) = (outcome is not null)`)
export class SyncRunOrderRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  /** In whose name it runs: `populateBuffer`, … */
  @Column('text') service: string;
  /** Reads and counts, and stores nothing. */
  @Column('boolean') preview: boolean;
  @Column('text', { name: 'ordered_by' }) orderedBy: string;
  @Column('timestamptz', { name: 'ordered_at', default: () => 'clock_timestamp()' }) orderedAt: Date;
  @Column('text', { default: 'waiting' }) state: OrderState;
  /** The server process that does it, and when it last said that it is still at it. */
  @Column('text', { name: 'taken_by', nullable: true }) takenBy: string | null;
  @Column('timestamptz', { name: 'heard_at', nullable: true }) heardAt: Date | null;
  @Column('bigint', { name: 'sync_run_id', nullable: true }) syncRunId: string | null;
  /** What the run found, or the error that it ended with. */
  @Column('jsonb', { nullable: true }) outcome: Record<string, unknown> | null;
}
