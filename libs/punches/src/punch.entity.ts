import { type PersonType } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

export const PUNCH_SOURCES = ['device', 'aas'] as const;
/** Who told: the terminal itself, or an AAS file about it. */
export type PunchSource = (typeof PUNCH_SOURCES)[number];

export const PUNCH_PRECISIONS = ['second', 'minute'] as const;
export type PunchPrecision = (typeof PUNCH_PRECISIONS)[number];

/**
 * How far a log has been read, from where the next read can go on; of terminals whose log can be read from a day on. What
 * it says is the device gateway's business.
 */
export interface PunchLogPosition {
  readonly counter: number;
  readonly day: string;
  readonly entriesSince: number;
}

/** One attendance record, kept for ever; the natural key makes an import exactly-once. */
@Entity('punches')
@Index('punches_natural_key', { synchronize: false })
@Index('punches_wall_time', ['wallTime', 'id'])
@Index('punches_without_instant', ['deviceId'], { where: 'instant is null' })
@Index('punches_person', ['personId', 'wallTime'], { where: 'person_id is not null' })
@Check('punches_wall_time_form', `wall_time ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$'`)
@Check('punches_precise_to', `precise_to in ('second', 'minute')`)
@Check('punches_occurrence', 'occurrence > 0')
@Check('punches_source', `source in ('device', 'aas')`)
@Check('punches_person_pair', '(person_id is null) = (person_type is null)')
export class Punch {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: string;
  /** What the terminal's clock showed, `2026-01-31 07:58:03`; it may be a day that no calendar has. */
  @Column('text', { name: 'wall_time' }) readonly wallTime: string;
  /** An AAS day table tells minutes only. */
  @Column('text', { name: 'precise_to', default: 'second' }) readonly preciseTo: PunchPrecision;
  /** The wall time in `timeZone`; null when no calendar has that day. */
  @Column('timestamptz', { nullable: true }) readonly instant: Date | null;
  /** The zone that the terminal's clock was taken to be in. */
  @Column('text', { name: 'time_zone' }) readonly timeZone: string;
  @Column('smallint', { name: 'verify_mode', nullable: true }) readonly verifyMode: number | null;
  @Column('smallint', { nullable: true }) readonly state: number | null;
  @Column('bigint', { name: 'work_code', nullable: true }) readonly workCode: string | null;
  /** From 1: the how-manieth of records that are equal in everything else. */
  @Column('integer') readonly occurrence: number;
  @Column('text') readonly source: PunchSource;
  @Column('boolean', { name: 'entered_by_hand', default: false }) readonly enteredByHand: boolean;
  /** Whoever the device user was mapped to at that instant; follows the mappings (ADR 7). */
  @Column('bigint', { name: 'person_id', nullable: true }) readonly personId: string | null;
  @Column('text', { name: 'person_type', nullable: true }) readonly personType: PersonType | null;
  @Column('bigint', { name: 'first_run_id', nullable: true }) readonly firstRunId: string | null;
  @Column('timestamptz', { name: 'imported_at', default: () => 'clock_timestamp()' }) readonly importedAt: Date;
}

/** Where the last complete read of a terminal's log ended, by what the terminal itself sent. */
@Entity('punch_watermarks')
export class PunchWatermark {
  @PrimaryColumn('bigint', { name: 'device_id', primaryKeyConstraintName: 'punch_watermarks_pkey' })
  readonly deviceId: string;
  @Column('integer', { name: 'record_count' }) readonly recordCount: number;
  /** SHA-256 of that many records. */
  @Column('bytea') readonly digest: Buffer;
  /** Of the newest of them, by the terminal's clock. */
  @Column('text', { name: 'last_wall_time', nullable: true }) readonly lastWallTime: string | null;
  /** From where the next read can go on; null: it reads the whole log. */
  @Column('jsonb', { nullable: true }) readonly position: PunchLogPosition | null;
}

/** A punch that a terminal has handed over, and that no run has taken into `punches` yet. */
@Entity('handed_over_punches')
export class HandedOverPunchRow {
  @PrimaryColumn('bigint', { name: 'device_id', primaryKeyConstraintName: 'handed_over_punches_pkey' })
  readonly deviceId: string;
  @PrimaryColumn('text', { name: 'device_user_id', primaryKeyConstraintName: 'handed_over_punches_pkey' })
  readonly deviceUserId: string;
  @PrimaryColumn('text', { name: 'wall_time', primaryKeyConstraintName: 'handed_over_punches_pkey' })
  readonly wallTime: string;
  @PrimaryColumn('smallint', { name: 'verify_mode', primaryKeyConstraintName: 'handed_over_punches_pkey' })
  readonly verifyMode: number;
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'handed_over_punches_pkey' }) readonly state: number;
  @Column('timestamptz', { name: 'received_at', default: () => 'clock_timestamp()' }) readonly receivedAt: Date;
}

export const PUNCH_ENTITIES = [Punch, PunchWatermark, HandedOverPunchRow];
