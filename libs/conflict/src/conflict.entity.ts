import { type PersonType } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { type Strategy } from './rules.js';
import { type ComparedAttribute, type UserVersion } from './user-version.js';

export const CONFLICT_TYPES = ['attribute_mismatch', 'duplicate_id', 'id_reused'] as const;
/**
 * `attribute_mismatch`: device and database differ. `duplicate_id`: a person or an ID is claimed twice. `id_reused`:
 * somebody else seems to be behind the ID.
 */
export type ConflictType = (typeof CONFLICT_TYPES)[number];

/** Somebody else who has the card of a user: another ID of the device, or another person. */
export interface Claim {
  readonly device_user_id?: string;
  readonly person_id?: string;
  readonly person_type?: PersonType;
  readonly name: string | null;
  readonly card_number: string;
}

/** A contradiction between device and database, with both versions, until and after somebody settles it (requirement 4). */
@Entity('user_conflicts')
@Index('user_conflicts_resolved', ['resolved'])
@Index('user_conflicts_user', ['deviceId', 'deviceUserId'])
@Index('user_conflicts_open', ['deviceId', 'deviceUserId', 'conflictType'], { unique: true, where: 'not resolved' })
@Check('user_conflicts_type', `conflict_type in ('attribute_mismatch', 'duplicate_id', 'id_reused')`)
@Check('user_conflicts_strategy', `resolution_strategy in ('use_device', 'use_database', 'merge')`)
@Check(
  'user_conflicts_settled',
  `resolved = (resolved_at is not null) and resolved = (resolved_by is not null) and (resolved or resolution_strategy is null)`,
)
export class UserConflict {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: string;
  @Column('text', { name: 'conflict_type' }) readonly conflictType: ConflictType;
  /** Whom the user was mapped to. */
  @Column('bigint', { name: 'person_id', nullable: true }) readonly personId: string | null;
  @Column('text', { name: 'person_type', nullable: true }) readonly personType: PersonType | null;
  /** The device's version, as last read; of what a read did not tell, what was known before. */
  @Column('jsonb', { name: 'device_data' }) readonly deviceData: UserVersion;
  @Column('jsonb', { name: 'database_data' }) readonly databaseData: UserVersion;
  /** What both last agreed on. */
  @Column('jsonb', { name: 'agreed_data', default: {} }) readonly agreedData: UserVersion;
  /** The attributes in which they differ. */
  @Column('text', { array: true, default: [] }) readonly differing: readonly ComparedAttribute[];
  @Column('jsonb', { default: [] }) readonly claims: readonly Claim[];
  /** How many bytes of a name the device can store; null: not known. */
  @Column('integer', { name: 'name_limit_bytes', nullable: true }) readonly nameLimitBytes: number | null;
  /** A digest of all that is shown of it: another version, another decision. */
  @Column('text') readonly version: string;
  @Column('timestamptz', { name: 'detected_at' }) readonly detectedAt: Date;
  /** When a version last changed. */
  @Column('timestamptz', { name: 'updated_at', default: () => 'clock_timestamp()' }) readonly updatedAt: Date;
  @Column('boolean', { default: false }) readonly resolved: boolean;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) readonly resolvedAt: Date | null;
  @Column('text', { name: 'resolved_by', nullable: true }) readonly resolvedBy: string | null;
  /** Null though resolved: it vanished by itself, or the mapping ended. */
  @Column('text', { name: 'resolution_strategy', nullable: true }) readonly resolutionStrategy: Strategy | null;
  @Column('text', { name: 'resolution_notes', nullable: true }) readonly resolutionNotes: string | null;
  /** The values on which both agree since; of an open one, on which a write that is under way will leave them. */
  @Column('jsonb', { nullable: true }) readonly resolution: UserVersion | null;
}

export const CONFLICT_ENTITIES = [UserConflict];
