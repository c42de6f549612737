import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { type LiveEventType } from './live-event.js';

/** Something that happened, written by a trigger in the transaction in which it happened. */
@Entity('live_events')
@Index('live_events_place', ['xid', 'id'])
@Index('live_events_time', ['happenedAt'])
@Check('live_events_type', `type in ('run', 'incident', 'count', 'operation', 'device')`)
export class LiveEventRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  /** The number of the transaction: rows are read in the order of these, not of their own numbers. */
  @Column('bigint') readonly xid: string;
  @Column('text') readonly type: LiveEventType;
  @Column('text') readonly event: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('jsonb') readonly data: Readonly<Record<string, unknown>>;
  @Column('timestamptz', { name: 'happened_at' }) readonly happenedAt: Date;
}

/** The one row of what is known of all events together. */
@Entity('live_event_stream')
@Check('live_event_stream_one', 'id = 1')
export class LiveEventStreamRow {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'live_event_stream_pkey' }) readonly id: number;
  /** Another one whenever transactions are numbered anew. */
  @Column('text') readonly epoch: string;
  /** The highest place that retention has removed. */
  @Column('bigint', { name: 'floor_xid' }) readonly floorXid: string;
  @Column('bigint', { name: 'floor_id' }) readonly floorId: string;
}

export const LIVE_EVENT_ENTITIES = [LiveEventRow, LiveEventStreamRow];
