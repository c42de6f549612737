import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type Punch, PUNCH_PRECISIONS, PUNCH_SOURCES, type PunchPrecision, type PunchSource } from '../punch.entity.js';

const DIRECTIONS = ['in', 'out', 'break_out', 'break_in', 'overtime_in', 'overtime_out'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** A punch as the API shows it. */
export class PunchView {
  @ApiRowId({ example: '4711' }) readonly id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ example: '9001' }) readonly device_user_id: string;
  @ApiProperty({
    example: '2026-01-31 07:58:03',
    description: 'What the terminal’s clock showed.',
  })
  readonly wall_time: string;
  @ApiProperty({ enum: PUNCH_PRECISIONS }) readonly precise_to: PunchPrecision;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'The wall time in `time_zone`; null when no calendar has that day. A wrong clock is not corrected.',
  })
  readonly instant: string | null;
  @ApiProperty({ example: 'Africa/Addis_Ababa' }) readonly time_zone: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'As the terminal’s number; its meaning depends on the model.',
  })
  readonly verify_mode: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'As the terminal’s number.' }) readonly state:
    number | null;
  @ApiProperty({ type: String, enum: DIRECTIONS, nullable: true }) readonly direction: Direction | null;
  @ApiProperty({ type: String, nullable: true }) readonly work_code: string | null;
  @ApiProperty({ enum: PUNCH_SOURCES }) readonly source: PunchSource;
  @ApiProperty({ description: 'Typed in at a desk, not made at a terminal.' }) readonly entered_by_hand: boolean;
  @ApiRowId({ nullable: true, description: 'Whoever the user was mapped to at that instant.' })
  readonly person_id: string | null;
  @ApiProperty({ type: String, enum: PERSON_TYPES, nullable: true }) readonly person_type: PersonType | null;
  @ApiInstant() readonly imported_at: string;
}

export function punchView(punch: Punch): PunchView {
  return {
    id: punch.id,
    device_id: punch.deviceId,
    device_user_id: punch.deviceUserId,
    wall_time: punch.wallTime,
    precise_to: punch.preciseTo,
    instant: punch.instant?.toISOString() ?? null,
    time_zone: punch.timeZone,
    verify_mode: punch.verifyMode,
    state: punch.state,
    direction: punch.state === null ? null : (DIRECTIONS[punch.state] ?? null),
    work_code: punch.workCode,
    source: punch.source,
    entered_by_hand: punch.enteredByHand,
    person_id: punch.personId,
    person_type: punch.personType,
    imported_at: punch.importedAt.toISOString(),
  };
}
