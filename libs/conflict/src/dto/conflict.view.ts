import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CONFLICT_TYPES, type ConflictType, type UserConflict } from '../conflict.entity.js';
import { STRATEGIES, type Strategy } from '../rules.js';
import { COMPARED_ATTRIBUTES, type ComparedAttribute } from '../user-version.js';

/** One side of a conflict; what it never told is missing. */
export class UserVersionView {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Mina Ward' }) readonly name?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '12345678' }) readonly card_number?: string | null;
  @ApiPropertyOptional({ type: Number, nullable: true, example: 0 }) readonly privilege?: number | null;
  @ApiPropertyOptional({ type: Number, nullable: true, example: 1 }) readonly group_id?: number | null;
  @ApiPropertyOptional({ type: String, nullable: true }) readonly timezone_id?: string | null;
  @ApiPropertyOptional({ description: 'Whether a PIN is set; the PIN is kept nowhere.' }) readonly has_pin?: boolean;
}

/** Somebody else with the card of the user. */
export class ClaimView {
  @ApiPropertyOptional({ description: 'Another user of the device.' }) readonly device_user_id?: string;
  @ApiPropertyOptional({ description: 'Another person.' }) readonly person_id?: string;
  @ApiPropertyOptional({ enum: PERSON_TYPES }) readonly person_type?: PersonType;
  @ApiProperty({ type: String, nullable: true }) readonly name: string | null;
  @ApiProperty({ example: '12345678' }) readonly card_number: string;
}

/** A conflict as the API lists it. */
export class ConflictView {
  @ApiProperty({ example: '17' }) readonly id: string;
  @ApiProperty({ description: 'Names what is shown; goes into If-Match.', example: '4f1c02ab9d8e7f60' })
  readonly version: string;
  @ApiProperty({ enum: CONFLICT_TYPES }) readonly conflict_type: ConflictType;
  @ApiProperty({ example: '1' }) readonly device_id: string;
  @ApiProperty({ example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true }) readonly person_id: string | null;
  @ApiProperty({ enum: PERSON_TYPES, nullable: true }) readonly person_type: PersonType | null;
  @ApiProperty({ enum: COMPARED_ATTRIBUTES, isArray: true, description: 'In what device and database differ.' })
  readonly differing: readonly ComparedAttribute[];
  @ApiProperty({ type: UserVersionView, description: 'As last read.' }) readonly device_data: UserVersionView;
  @ApiProperty({ type: UserVersionView, description: 'The person, and what the mapping keeps.' })
  readonly database_data: UserVersionView;
  @ApiProperty({ type: UserVersionView, description: 'What both last agreed on.' })
  readonly agreed_data: UserVersionView;
  @ApiProperty({ type: ClaimView, isArray: true, description: 'Who else has the card; of duplicate_id.' })
  readonly claims: readonly ClaimView[];
  @ApiProperty({ format: 'date-time' }) readonly detected_at: string;
  @ApiProperty({ format: 'date-time', description: 'When a version last changed.' }) readonly updated_at: string;
  @ApiProperty() readonly resolved: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly resolved_at: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'account:mina' }) readonly resolved_by: string | null;
  @ApiProperty({ enum: STRATEGIES, nullable: true, description: 'Null though resolved: it vanished by itself.' })
  readonly resolution_strategy: Strategy | null;
  @ApiProperty({ type: String, nullable: true }) readonly resolution_notes: string | null;
  @ApiProperty({ type: UserVersionView, nullable: true, description: 'What both agree on since.' })
  readonly resolution: UserVersionView | null;
}

export function conflictView(conflict: UserConflict): ConflictView {
  return {
    id: conflict.id,
    version: conflict.version,
    conflict_type: conflict.conflictType,
    device_id: conflict.deviceId,
    device_user_id: conflict.deviceUserId,
    person_id: conflict.personId,
    person_type: conflict.personType,
    differing: conflict.differing,
    device_data: conflict.deviceData,
    database_data: conflict.databaseData,
    agreed_data: conflict.agreedData,
    claims: conflict.claims,
    detected_at: conflict.detectedAt.toISOString(),
    updated_at: conflict.updatedAt.toISOString(),
    resolved: conflict.resolved,
    resolved_at: conflict.resolvedAt?.toISOString() ?? null,
    resolved_by: conflict.resolvedBy,
    resolution_strategy: conflict.resolutionStrategy,
    resolution_notes: conflict.resolutionNotes,
    resolution: conflict.resolved ? conflict.resolution : null,
  };
}
