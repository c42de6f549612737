import { type SnapshotProtocol } from '@app/device-writer';
import { type DeviceUserId, type Role } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { Erasure } from './erasure/erasure.entity.js';

export const BACKUP_TRIGGERS = ['schedule', 'request', 'before_deletion', 'before_restore'] as const;
/** What a backup was made for. */
export type BackupTrigger = (typeof BACKUP_TRIGGERS)[number];

export const BACKUP_STATES = ['valid', 'invalid', 'missing', 'removed'] as const;
/** `invalid`: its checksum or form is wrong. `missing`: the file is not there. `removed`: its time was over. */
export type BackupState = (typeof BACKUP_STATES)[number];

export const DRILL_RESULTS = ['good', 'failed'] as const;
/** `good`: it was restored into an emulated terminal, and everybody came out as he went in. */
export type DrillResult = (typeof DRILL_RESULTS)[number];

/** A backup that was written: the catalogue by which files are found. Times are the server's. */
@Entity('device_backups')
@Index('device_backups_filename', ['filename'], { unique: true })
@Index('device_backups_device', ['deviceId', 'takenAt'])
@Check('device_backups_trigger', `trigger in ('schedule', 'request', 'before_deletion', 'before_restore')`)
@Check('device_backups_state', `state in ('valid', 'invalid', 'missing', 'removed')`)
@Check('device_backups_drill', `drill_result in ('good', 'failed') and (drill_result is null) = (drilled_at is null)`)
@Check('device_backups_count', 'user_count = cardinality(user_ids)')
export class DeviceBackup {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text') filename: string;
  /** The instant in the file's name: when the terminal was read. */
  @Column('timestamptz', { name: 'taken_at' }) takenAt: Date;
  @Column('text') trigger: BackupTrigger;
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('text') protocol: SnapshotProtocol;
  @Column('text', { name: 'serial_number' }) serialNumber: string;
  @Column('integer', { name: 'user_count' }) userCount: number;
  @Column('integer', { name: 'credential_count' }) credentialCount: number;
  /** Everybody in it, in the order of the file. */
  @Column('text', { name: 'user_ids', array: true, select: false }) userIds?: DeviceUserId[];
  @Column('boolean') encrypted: boolean;
  /** What it does not hold, for people; empty: it holds all that the terminal hands out. */
  @Column('text', { array: true, default: {} }) lacking: string[];
  @Column('bigint', { name: 'size_bytes' }) sizeBytes: string;
  /** SHA-256 over the lines of its users, hexadecimal; as in its header. */
  @Column('text') digest: string;
  @Column('text', { default: 'valid' }) state: BackupState;
  /** Why it is not valid. */
  @Column('text', { name: 'state_reason', nullable: true }) stateReason: string | null;
  /** When the file was last read from beginning to end, or found not to be there. */
  @Column('timestamptz', { name: 'checked_at' }) checkedAt: Date;
  @Column('timestamptz', { name: 'drilled_at', nullable: true }) drilledAt: Date | null;
  @Column('text', { name: 'drill_result', nullable: true }) drillResult: DrillResult | null;
  @Column('text', { name: 'drill_reason', nullable: true }) drillReason: string | null;
  @Column('integer', { name: 'drill_ms', nullable: true }) drillMs: number | null;
  @Column('integer', { name: 'duration_ms' }) durationMs: number;
}

/** When each terminal is backed up next, and how the last attempts went. */
@Entity('backup_agenda')
@Index('backup_agenda_due', ['nextDueAt'])
export class BackupAgendaEntry {
  @PrimaryColumn('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('timestamptz', { name: 'next_due_at' }) nextDueAt: Date;
  @Column('timestamptz', { name: 'last_started_at', nullable: true }) lastStartedAt: Date | null;
  @Column('timestamptz', { name: 'last_success_at', nullable: true }) lastSuccessAt: Date | null;
  /** Attempts in a row that made no backup. */
  @Column('integer', { default: 0 }) failures: number;
  @Column('timestamptz', { name: 'last_failure_at', nullable: true }) lastFailureAt: Date | null;
  @Column('text', { name: 'last_failure_code', nullable: true }) lastFailureCode: string | null;
  @Column('text', { name: 'last_failure_reason', nullable: true }) lastFailureReason: string | null;
}

export const RESTORE_STATES = ['planned', 'running', 'done', 'refused', 'cancelled'] as const;
/** `refused`: the terminal was not any more as it was planned for; nothing was written. */
export type RestoreState = (typeof RESTORE_STATES)[number];

export const RESTORE_ORIGINS = ['backup', 'incident', 'guard'] as const;
export type RestoreOrigin = (typeof RESTORE_ORIGINS)[number];

/** A plan to bring users back, and what became of it. */
@Entity('restores')
@Index('restores_device', ['deviceId', 'createdAt'])
@Index('restores_running', ['state'], { where: `state = 'running'` })
@Check('restores_state', `state in ('planned', 'running', 'done', 'refused', 'cancelled')`)
@Check('restores_origin', `origin in ('backup', 'incident', 'guard')`)
@Check('restores_finished', `(state in ('planned', 'running')) = (finished_at is null)`)
export class Restore {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  /** The terminal that users are brought back to. */
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text') origin: RestoreOrigin;
  @Column('bigint', { name: 'incident_id', nullable: true }) incidentId: string | null;
  @Column('text', { default: 'planned' }) state: RestoreState;
  /** CompleteCopy.stateHash of the terminal that it was planned for. */
  @Column('text', { name: 'state_hash' }) stateHash: string;
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('text', { name: 'requested_role' }) requestedRole: Role | 'system';
  @Column('text', { nullable: true }) reason: string | null;
  @Column('boolean', { name: 'confirm_tripped', default: false }) confirmTripped: boolean;
  /** The copy of the terminal that was made before anything was written. */
  @Column('bigint', { name: 'safety_backup_id', nullable: true }) safetyBackupId: string | null;
  @Column('text', { name: 'refusal', nullable: true }) refusal: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt: Date | null;
  /** When it last went on; one that stands still has lost its process. */
  @Column('timestamptz', { name: 'progressed_at', nullable: true }) progressedAt: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
}

export const RESTORE_ACTIONS = ['create', 'update', 'unchanged', 'refused'] as const;
export type RestoreAction = (typeof RESTORE_ACTIONS)[number];

export const RESTORE_ITEM_STATES = ['planned', 'done', 'failed', 'unchanged', 'refused'] as const;
export type RestoreItemState = (typeof RESTORE_ITEM_STATES)[number];

/** What is planned for one user, and what became of it. */
@Entity('restore_items')
@Check('restore_items_action', `action in ('create', 'update', 'unchanged', 'refused')`)
@Check('restore_items_state', `state in ('planned', 'done', 'failed', 'unchanged', 'refused')`)
export class RestoreItem {
  @PrimaryColumn('bigint', { name: 'restore_id' }) readonly restoreId: string;
  @PrimaryColumn('text', { name: 'device_user_id' }) readonly deviceUserId: DeviceUserId;
  /** Its place in the order of IDs, from 1. */
  @Column('integer') position: number;
  /** The backup that it comes from; null: none has the user. */
  @Column('bigint', { name: 'backup_id', nullable: true }) backupId: string | null;
  @Column('text', { nullable: true }) name: string | null;
  @Column('text') action: RestoreAction;
  /** Why it is refused, or failed: a stable code. */
  @Column('text', { nullable: true }) code: string | null;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('integer', { name: 'credentials_added', default: 0 }) credentialsAdded: number;
  @Column('integer', { name: 'credentials_replaced', default: 0 }) credentialsReplaced: number;
  /** SnapshotSeal.digest of what the terminal held when it was planned; null: absent. */
  @Column('text', { name: 'before_digest', nullable: true }) beforeDigest: string | null;
  @Column('text', { default: 'planned' }) state: RestoreItemState;
  @Column('bigint', { name: 'write_id', nullable: true }) writeId: string | null;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt: Date | null;
}

/** Whether confirmed losses of a terminal are healed without being asked (off unless there is a row that says on). */
@Entity('device_guards')
@Check('device_guards_level', `highest_level in ('notice', 'trip', 'hard_trip')`)
@Check('device_guards_budget', 'users_per_day between 1 and 100000')
export class DeviceGuard {
  @PrimaryColumn('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('boolean') enabled: boolean;
  /** A worse loss is left to people. */
  @Column('text', { name: 'highest_level', default: 'notice' }) highestLevel: 'notice' | 'trip' | 'hard_trip';
  /** How many users it may bring back in 24 hours. */
  @Column('integer', { name: 'users_per_day', default: 10 }) usersPerDay: number;
  /** The last incident that it has dealt with, as it was then; it deals with it again when more users are missing. */
  @Column('text', { nullable: true }) handled: string | null;
  @Column('text', { name: 'changed_by' }) changedBy: string;
  @Column('timestamptz', { name: 'changed_at' }) changedAt: Date;
}

export const BACKUP_ENTITIES = [DeviceBackup, BackupAgendaEntry, Restore, RestoreItem, DeviceGuard, Erasure];
