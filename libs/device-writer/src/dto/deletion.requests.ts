import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import { OptionalFlag, OptionalRowId, PageQuery } from '@app/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { REASON_LENGTH } from '../device-user-deletions.service.js';

const LONGEST_ID = 64;

/** `:deviceId/:deviceUserId` */
export class DeviceUserParam {
  @ApiProperty({ description: 'Row number of the device.', example: '1' })
  @Matches(/^[1-9][0-9]{0,17}$/, { message: 'deviceId must be a positive whole number' })
  readonly deviceId: string;

  @ApiProperty({
    type: String,
    description: 'The ID printed on the terminal; leading zeros do not matter.',
    example: '9001',
  })
  @Transform(({ value }: { value: unknown }) => (isUserId(value) ? canonicalDeviceUserId(value) : undefined))
  @IsString({ message: `deviceUserId must be 1 to ${LONGEST_ID} printable ASCII characters` })
  @MaxLength(LONGEST_ID)
  readonly deviceUserId: DeviceUserId;
}

/** Whether a write is wanted although the terminal is tripped. */
export class TripConfirmation {
  @OptionalFlag('Needed while many users are missing from the terminal: you know it, and want the write all the same.')
  readonly confirm_tripped?: boolean;
}

/** Why a user is deleted: as a body, or in the query by clients that send no body with a DELETE. */
export class DeletionReason extends TripConfirmation {
  @ApiPropertyOptional({
    minLength: REASON_LENGTH.min,
    maxLength: REASON_LENGTH.max,
    description: 'Why; stays in the audit log.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(REASON_LENGTH.min, REASON_LENGTH.max)
  readonly reason?: string;
}

/** Which deletions to list. */
export class ListDeletionsQuery extends PageQuery {
  @OptionalRowId('Only of this device.')
  readonly device_id?: string;
}

function isUserId(value: unknown): value is string {
  return typeof value === 'string' && isPrintableUserId(value);
}
