import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type BufferedUser } from '../buffered-user.entity.js';
import { MAPPING_STATUSES, type MappingStatus } from '../mapping-status.js';

/** A buffer row as the API shows it (requirement 6.2). */
export class BufferedUserView {
  @ApiRowId({ example: '17' }) readonly id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ example: '9001', description: 'The ID shown on the terminal, in canonical form.' })
  readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'Mina Ward' }) readonly name: string | null;
  @ApiProperty({ type: String, nullable: true, example: '12345678' }) readonly card_number: string | null;
  @ApiProperty({ type: 'integer', example: 0, description: 'The terminal’s privilege byte.' })
  readonly privilege: number;
  @ApiProperty({ type: 'integer', nullable: true, example: 1 }) readonly group_id: number | null;
  @ApiProperty({ type: String, nullable: true }) readonly timezone_id: string | null;
  @ApiProperty({ description: 'Whether a PIN is set; the PIN is not kept.' }) readonly has_pin: boolean;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Internal number on the terminal; identifies nobody.' })
  readonly slot: number | null;
  @ApiInstant() readonly discovered_at: string;
  @ApiInstant() readonly last_seen_at: string;
  @ApiProperty({ enum: MAPPING_STATUSES }) readonly mapping_status: MappingStatus;
  @ApiRowId({ nullable: true }) readonly mapped_to_person_id: string | null;
  @ApiProperty({ type: String, enum: PERSON_TYPES, nullable: true }) readonly mapped_to_person_type: PersonType | null;
  @ApiInstant({ nullable: true }) readonly mapped_at: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly notes: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it was put aside.' })
  readonly ignored_at: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'account:mina' }) readonly ignored_by: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly ignored_reason: string | null;
}

export function bufferedUserView(row: BufferedUser): BufferedUserView {
  return {
    id: row.id,
    device_id: row.deviceId,
    device_user_id: row.deviceUserId,
    name: row.name,
    card_number: row.cardNumber,
    privilege: row.privilege,
    group_id: row.groupId,
    timezone_id: row.timezoneId,
    has_pin: row.hasPin,
    slot: row.slot,
    discovered_at: row.discoveredAt.toISOString(),
    last_seen_at: row.lastSeenAt.toISOString(),
    mapping_status: row.mappingStatus,
    mapped_to_person_id: row.mappedToPersonId,
    mapped_to_person_type: row.mappedToPersonType,
    mapped_at: row.mappedAt?.toISOString() ?? null,
    notes: row.notes,
    ignored_at: row.ignoredAt?.toISOString() ?? null,
    ignored_by: row.ignoredBy,
    ignored_reason: row.ignoredReason,
  };
}
