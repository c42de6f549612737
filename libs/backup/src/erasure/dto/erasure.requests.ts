import { OptionalRowId, PageQuery } from '@app/http';
import {
  canonicalDeviceUserId,
  type DeviceUserId,
  isPrintableUserId,
  PERSON_TYPES,
  type PersonType,
} from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { ERASURE_REASON } from '../erasures.service.js';

const LONGEST_ID = 64;

/** Who is to be erased: one user of a device, or everybody that a person is mapped to. */
export class EraseBody {
  @OptionalRowId('The device, together with `device_user_id`.')
  readonly device_id?: string;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: LONGEST_ID,
    description: 'The ID printed on the terminal; leading zeros do not matter.',
    example: '9001',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === undefined || value === null ? value : canonical(value)))
  @IsString({ message: `device_user_id must be 1 to ${LONGEST_ID} printable ASCII characters` })
  readonly device_user_id?: DeviceUserId;

  @OptionalRowId('The person, together with `person_type`, in place of a device user.')
  readonly person_id?: string;

  @ApiPropertyOptional({ enum: PERSON_TYPES })
  @IsOptional()
  @IsIn(PERSON_TYPES)
  readonly person_type?: PersonType;

  @ApiProperty({
    minLength: ERASURE_REASON.min,
    maxLength: ERASURE_REASON.max,
    example: 'Request of 31 January',
    description: 'Why; stays in the audit log, so name nobody in it.',
  })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(ERASURE_REASON.min, ERASURE_REASON.max)
  readonly reason: string;
}

/** Which erasures to list. */
export class ListErasuresQuery extends PageQuery {
  @OptionalRowId('Only of this device.')
  readonly device_id?: string;
}

/** What is no ID becomes a number, which no validator takes for a text. */
function canonical(value: unknown): DeviceUserId | number {
  const fits = typeof value === 'string' && value.length <= LONGEST_ID && isPrintableUserId(value);
  return fits ? canonicalDeviceUserId(value) : 0;
}
