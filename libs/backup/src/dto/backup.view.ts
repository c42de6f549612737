import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type BackupUnderway } from '../backup-board.js';
import {
  BACKUP_STATES,
  BACKUP_TRIGGERS,
  type BackupState,
  type BackupTrigger,
  type DeviceBackup,
  DRILL_RESULTS,
  type DrillResult,
} from '../backup.entities.js';
import { type Verification } from '../backup-upkeep.js';

export class BackupView {
  @ApiProperty({ type: String, example: 'front-door-users-backup-20260131T094500123Z.json.age' })
  readonly filename: string;
  @ApiRowId() readonly device_id: string;
  @ApiInstant({ description: 'When the terminal was read; stands in the file name.' }) readonly taken_at: Date;
  @ApiProperty({ enum: BACKUP_TRIGGERS }) readonly trigger: BackupTrigger;
  @ApiProperty({ type: String, example: 'system' }) readonly requested_by: string;
  @ApiProperty({ enum: ['zk', 'aiface'] }) readonly protocol: string;
  @ApiProperty({ type: String, example: 'CKUH2040600123' }) readonly serial_number: string;
  @ApiProperty({ type: 'integer', minimum: 0, example: 312 }) readonly users: number;
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 540,
    description: 'PINs, cards, fingerprints, faces, palms and photos together.',
  })
  readonly credentials: number;
  @ApiProperty({ type: Boolean, description: 'false: it holds neither PINs nor fingerprints nor faces.' })
  readonly encrypted: boolean;
  @ApiProperty({ type: String, isArray: true, example: [], description: 'What it does not hold.' })
  readonly lacking: readonly string[];
  @ApiProperty({ type: 'integer', minimum: 0, example: 512_034 }) readonly size_bytes: number;
  @ApiProperty({ type: String, description: 'SHA-256 over the lines of its users.' }) readonly digest: string;
  @ApiProperty({ enum: BACKUP_STATES, description: 'Only a valid one can be restored from.' })
  readonly state: BackupState;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly state_reason: string | null;
  @ApiInstant({ description: 'When the file was last read from beginning to end.' }) readonly checked_at: Date;
  @ApiProperty({
    enum: DRILL_RESULTS,
    nullable: true,
    type: String,
    description:
      'good: it was restored into an emulated terminal, and everybody came out as he went in. null: not tried yet.',
  })
  readonly drill_result: DrillResult | null;
  @ApiInstant({ nullable: true }) readonly drilled_at: Date | null;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly drill_reason: string | null;
  @ApiProperty({ type: 'integer', minimum: 0, example: 1_840 }) readonly duration_ms: number;
}

export class BackupUnderwayView {
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: String, example: 'Front door' }) readonly device_name: string;
  @ApiProperty({ enum: BACKUP_TRIGGERS }) readonly trigger: BackupTrigger;
  @ApiInstant() readonly started_at: Date;
  @ApiProperty({ enum: ['waiting', 'listing', 'credentials', 'writing'] }) readonly stage: string;
  @ApiProperty({ type: 'integer', nullable: true, example: 120 }) readonly done: number | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 312 }) readonly of: number | null;
  @ApiProperty({ enum: ['bytes', 'users'], nullable: true, type: String }) readonly unit: string | null;
}

/** How the backups of one terminal are doing. */
export class BackupAgendaView {
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: String, example: 'Front door' }) readonly device_name: string;
  @ApiInstant({ nullable: true }) readonly next_due_at: Date | null;
  @ApiInstant({ nullable: true }) readonly last_success_at: Date | null;
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Attempts in a row that made no backup.' })
  readonly failures: number;
  @ApiInstant({ nullable: true }) readonly last_failure_at: Date | null;
  @ApiProperty({ type: String, nullable: true, example: 'device/unreachable' }) readonly last_failure_code:
    string | null;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly last_failure_reason: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The newest valid backup.' }) readonly newest:
    string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The newest that a drill found good.' })
  readonly newest_good: string | null;
}

export class BackupAgendaListView {
  @ApiProperty({ type: Boolean, description: 'Whether this server makes backups by itself.' })
  readonly running: boolean;
  @ApiProperty({ type: Boolean, description: 'Whether backups hold PINs, fingerprints and faces.' })
  readonly encrypted: boolean;
  @ApiProperty({ type: Boolean, description: 'Whether this host can read them again.' })
  readonly readable_here: boolean;
  @ApiProperty({ type: BackupAgendaView, isArray: true }) readonly items: readonly BackupAgendaView[];
}

export class VerificationView {
  @ApiProperty({ type: String }) readonly filename: string;
  @ApiProperty({
    enum: [...BACKUP_STATES, 'unreadable_here'],
    description: 'unreadable_here: this host has no key to look into it.',
  })
  readonly result: string;
  @ApiProperty({ type: String, nullable: true }) readonly reason: string | null;
}

export function backupView(backup: DeviceBackup): BackupView {
  return {
    filename: backup.filename,
    device_id: backup.deviceId,
    taken_at: backup.takenAt,
    trigger: backup.trigger,
    requested_by: backup.requestedBy,
    protocol: backup.protocol,
    serial_number: backup.serialNumber,
    users: backup.userCount,
    credentials: backup.credentialCount,
    encrypted: backup.encrypted,
    lacking: backup.lacking,
    size_bytes: Number(backup.sizeBytes),
    digest: backup.digest,
    state: backup.state,
    state_reason: backup.stateReason,
    checked_at: backup.checkedAt,
    drill_result: backup.drillResult,
    drilled_at: backup.drilledAt,
    drill_reason: backup.drillReason,
    duration_ms: backup.durationMs,
  };
}

export function backupUnderwayView({
  deviceId,
  deviceName,
  trigger,
  startedAt,
  progress,
}: BackupUnderway): BackupUnderwayView {
  const counted = progress && progress.stage !== 'writing' ? progress : undefined;
  return {
    device_id: deviceId,
    device_name: deviceName,
    trigger,
    started_at: startedAt,
    stage: progress?.stage ?? 'waiting',
    done: counted?.done ?? null,
    of: counted?.of ?? null,
    unit: counted?.unit ?? null,
  };
}

export function verificationView({ backup, result, reason }: Verification): VerificationView {
  return { filename: backup.filename, result, reason };
}
