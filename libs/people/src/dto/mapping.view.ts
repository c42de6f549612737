import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type UserMapping } from '../user-mapping.entity.js';

/** A mapping in force as the API shows it. */
export class MappingView {
  @ApiProperty({ example: '31' }) readonly id: string;
  @ApiProperty({ example: '1' }) readonly device_id: string;
  @ApiProperty({ example: '9001', description: 'The ID shown on the terminal, in canonical form.' })
  readonly device_user_id: string;
  @ApiProperty({ example: '12' }) readonly person_id: string;
  @ApiProperty({ enum: PERSON_TYPES, example: 'staff' }) readonly person_type: PersonType;
  @ApiProperty({
    format: 'date-time',
    description: 'Punches from this instant on are the person’s; 1970: all of them.',
    example: '1970-01-01T00:00:00.000Z',
  })
  readonly valid_from: string;
  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:45:00.123Z' }) readonly created_at: string;
  @ApiProperty({ example: 'account:mina' }) readonly created_by: string;
}

export function mappingView(mapping: UserMapping): MappingView {
  return {
    id: mapping.id,
    device_id: mapping.deviceId,
    device_user_id: mapping.deviceUserId,
    person_id: mapping.personId,
    person_type: mapping.personType,
    valid_from: mapping.validFrom.toISOString(),
    created_at: mapping.createdAt.toISOString(),
    created_by: mapping.createdBy,
  };
}
