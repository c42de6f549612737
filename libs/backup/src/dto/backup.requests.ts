import { OptionalFlag, OptionalRowId, PageQuery, ROW_ID } from '@app/http';
import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import { LOSS_LEVELS, type LossLevel } from '@app/monitoring';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import {
  BACKUP_STATES,
  type BackupState,
  RESTORE_ITEM_STATES,
  RESTORE_STATES,
  type RestoreItemState,
  type RestoreState,
} from '../backup.entities.js';

const MOST_USERS = 1_000;
const REASON = { minLength: 3, maxLength: 500 };

/** `:filename`; whatever it is, it is only looked up in the catalogue. */
export class FilenameParam {
  @ApiProperty({
    type: String,
    description: 'As `GET /api/device-users/backups` tells it.',
    example: 'front-door-users-backup-20260131T094500123Z.json.age',
  })
  @IsString()
  readonly filename: string;
}

/** Which backups to list. */
export class ListBackupsQuery extends PageQuery {
  @OptionalRowId('Only of this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: BACKUP_STATES, description: 'Only in this state.' })
  @IsOptional()
  @IsIn(BACKUP_STATES)
  readonly state?: BackupState;
}

/** Which terminal to back up. */
export class MakeBackupBody {
  @ApiProperty({ type: String, pattern: ROW_ID.source, example: '1' })
  @Matches(ROW_ID, { message: 'device_id must be a positive whole number' })
  readonly device_id: string;

  @OptionalFlag('false: answer as soon as it has begun.')
  readonly wait?: boolean;
}

/** Needed while many users are missing. */
class TripConfirmationBody {
  @OptionalFlag(
    'Needed while many users are missing from the terminal: you know it, and want the restore all the same.',
  )
  readonly confirm_tripped?: boolean;
}

/** How a backup is to be restored. */
export class RestoreBody extends TripConfirmationBody {
  @ApiPropertyOptional({
    type: Boolean,
    default: false,
    description: 'true: say what would become of each user, and write nothing.',
  })
  @IsOptional()
  @IsBoolean()
  readonly dry_run?: boolean;

  @OptionalRowId('Another terminal than the one that the backup is of: its replacement, or a second door.')
  readonly device_id?: string;

  @OptionalFlag('true: only users whom the terminal does not have; nobody who is there is touched.')
  readonly only_missing?: boolean;

  @ApiPropertyOptional({
    type: String,
    isArray: true,
    minItems: 1,
    maxItems: MOST_USERS,
    example: ['9001'],
    description: 'Nobody but these users; leading zeros do not matter.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(canonical) : value))
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_USERS)
  @IsString({ each: true, message: 'each of device_user_ids must be 1 to 64 printable ASCII characters' })
  readonly device_user_ids?: readonly DeviceUserId[];

  @ApiPropertyOptional({
    type: String,
    pattern: '^[0-9a-f]{64}$',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description: '`state_hash` of a dry run: then exactly that plan is carried out, or nothing.',
  })
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/, { message: 'state_hash must be that of a dry run' })
  readonly state_hash?: string;

  @ApiPropertyOptional({ ...REASON, description: 'Why; stays in the audit log.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(REASON.minLength, REASON.maxLength)
  readonly reason?: string;
}

/** How those whom an incident misses are to be brought back. */
export class IncidentRestoreBody extends TripConfirmationBody {
  @ApiPropertyOptional({ type: Boolean, default: false, description: 'true: only say what would become of each user.' })
  @IsOptional()
  @IsBoolean()
  readonly dry_run?: boolean;
}

/** A plan that is to be kept: from a backup. */
export class PlanRestoreBody extends RestoreBody {
  @ApiProperty({ type: String, example: 'front-door-users-backup-20260131T094500123Z.json.age' })
  @IsString()
  @Length(1, 300)
  readonly backup: string;
}

/** That a plan is to be carried out. */
export class ApplyBody extends TripConfirmationBody {
  @OptionalFlag('false: answer as soon as it has begun; `GET /api/device-users/restores/{id}` tells how far it is.')
  readonly wait?: boolean;
}

/** Which restores to list. */
export class ListRestoresQuery extends PageQuery {
  @OptionalRowId('Only to this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: RESTORE_STATES, description: 'Only in this state.' })
  @IsOptional()
  @IsIn(RESTORE_STATES)
  readonly state?: RestoreState;
}

/** Which users of a restore to list. */
export class ListRestoreUsersQuery extends PageQuery {
  @ApiPropertyOptional({ enum: RESTORE_ITEM_STATES, description: 'Only in this state.' })
  @IsOptional()
  @IsIn(RESTORE_ITEM_STATES)
  readonly state?: RestoreItemState;
}

/** How a terminal is guarded; what is not named stays as it is. */
export class GuardBody {
  @ApiPropertyOptional({
    type: Boolean,
    description: 'Whether confirmed losses are healed without anybody being asked.',
  })
  @IsOptional()
  @IsBoolean()
  readonly enabled?: boolean;

  @ApiPropertyOptional({
    enum: LOSS_LEVELS,
    description: 'The worst loss that it heals; a worse one is left to people.',
  })
  @IsOptional()
  @IsIn(LOSS_LEVELS)
  readonly highest_level?: LossLevel;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    description: 'Users that it may bring back in 24 hours.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  readonly users_per_day?: number;
}

function canonical(value: unknown): DeviceUserId | undefined {
  const fits = typeof value === 'string' && value.length <= 64 && isPrintableUserId(value);
  return fits ? canonicalDeviceUserId(value) : undefined;
}
