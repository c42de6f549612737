import { type PersonType } from '@app/kernel';
import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
} from 'typeorm';
import { type MappingStatus } from './mapping-status.js';

/** A device user seen on a terminal; kept at least 90 days after the last sighting (2.5). */
@Entity('device_user_buffer')
@Index('device_user_buffer_user', ['deviceId', 'deviceUserId'], { unique: true })
@Index('device_user_buffer_status', ['mappingStatus'])
// A BRIN index, which TypeORM cannot describe; the migration makes it (ADR 2).
@Index('device_user_buffer_last_seen_at', { synchronize: false })
// A trigram index, likewise.
@Index('device_user_buffer_text', { synchronize: false })
@Check('device_user_buffer_mapping_status', `mapping_status in ('unmapped', 'mapped', 'conflict')`)
@Check(
  'device_user_buffer_ignored',
  `(ignored_at is null) = (ignored_by is null) and (ignored_at is null) = (ignored_reason is null)`,
)
@Check(
  'device_user_buffer_person_pair',
  `(mapped_to_person_id is null) = (mapped_to_person_type is null) and (mapped_to_person_id is null) = (mapped_at is null)`,
)
@Check('device_user_buffer_sightings', `last_seen_at >= discovered_at`)
export class BufferedUser {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  /** The ID printed on the terminal, in canonical form; never the slot number. */
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: string;
  /** Where the terminal keeps the record now; reused after a deletion, so it identifies nobody. */
  @Column('integer', { nullable: true }) readonly slot: number | null;
  @Column('text', { nullable: true }) readonly name: string | null;
  /** The name as the terminal stores it, undecoded. */
  @Column('bytea', { name: 'name_bytes', nullable: true }) readonly nameBytes: Buffer | null;
  @Column('text', { name: 'card_number', nullable: true }) readonly cardNumber: string | null;
  @Column('integer', { default: 0 }) readonly privilege: number;
  @Column('integer', { name: 'group_id', nullable: true }) readonly groupId: number | null;
  @Column('text', { name: 'timezone_id', nullable: true }) readonly timezoneId: string | null;
  @Column('boolean', { name: 'has_pin', default: false }) readonly hasPin: boolean;
  /** The first sighting; never changes. */
  @Column('timestamptz', { name: 'discovered_at' }) readonly discoveredAt: Date;
  /** The latest sighting; never moves backwards. */
  @Column('timestamptz', { name: 'last_seen_at' }) readonly lastSeenAt: Date;
  @Column('text', { name: 'mapping_status', default: 'unmapped' }) readonly mappingStatus: MappingStatus;
  @Column('bigint', { name: 'mapped_to_person_id', nullable: true }) readonly mappedToPersonId: string | null;
  @Column('text', { name: 'mapped_to_person_type', nullable: true }) readonly mappedToPersonType: PersonType | null;
  @Column('timestamptz', { name: 'mapped_at', nullable: true }) readonly mappedAt: Date | null;
  @Column('text', { nullable: true }) readonly notes: string | null;
  /** When somebody said that this user needs no mapping; null: nobody did. */
  @Column('timestamptz', { name: 'ignored_at', nullable: true }) readonly ignoredAt: Date | null;
  @Column('text', { name: 'ignored_by', nullable: true }) readonly ignoredBy: string | null;
  @Column('text', { name: 'ignored_reason', nullable: true }) readonly ignoredReason: string | null;
  /** The run that first met the user or last changed an attribute. */
  @Column('bigint', { name: 'last_run_id', nullable: true }) readonly lastRunId: string | null;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) readonly createdAt: Date;
  /** When an attribute last changed; a mere sighting does not move it. */
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) readonly updatedAt: Date;
}

/** When the name and card of a user were last read, from a terminal that tells them one user at a time. */
@Entity('device_user_details_read')
export class DetailsRead {
  @PrimaryColumn('bigint', { name: 'device_id', primaryKeyConstraintName: 'device_user_details_read_pkey' })
  readonly deviceId: string;
  @PrimaryColumn('text', { name: 'device_user_id', primaryKeyConstraintName: 'device_user_details_read_pkey' })
  readonly deviceUserId: string;
  @Column('timestamptz', { name: 'read_at' }) readonly readAt: Date;
}

export const BUFFER_ENTITIES = [BufferedUser, DetailsRead];
