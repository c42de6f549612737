import { OptionalRowId, PageQuery } from '@app/http';
import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, IsString, Length } from 'class-validator';
import { INCIDENT_STATES, type IncidentState } from '../monitoring.entities.js';

const REASON = { minLength: 3, maxLength: 500 };
const MOST_USERS = 1_000;

/** Which incidents to list. */
export class ListIncidentsQuery extends PageQuery {
  @OptionalRowId('Only of this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: INCIDENT_STATES, description: 'Only in this state.' })
  @IsOptional()
  @IsIn(INCIDENT_STATES)
  readonly state?: IncidentState;
}

/** Why users may stay missing. */
export class AcknowledgeBody {
  @ApiProperty({ ...REASON, description: 'Why the loss is accepted; stays in the audit log.' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(REASON.minLength, REASON.maxLength)
  readonly reason: string;
}

/** Who is gone because somebody wanted it so. */
export class IntendedBody extends AcknowledgeBody {
  @ApiProperty({
    type: String,
    isArray: true,
    minItems: 1,
    maxItems: MOST_USERS,
    example: ['9001'],
    description: 'IDs of users who are missing in this incident; leading zeros do not matter.',
  })
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(canonical) : value))
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_USERS)
  @IsString({ each: true, message: 'each of device_user_ids must be 1 to 64 printable ASCII characters' })
  readonly device_user_ids: readonly DeviceUserId[];
}

function canonical(value: unknown): DeviceUserId | undefined {
  const fits = typeof value === 'string' && value.length <= 64 && isPrintableUserId(value);
  return fits ? canonicalDeviceUserId(value) : undefined;
}
