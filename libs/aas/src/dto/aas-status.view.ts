import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { AAS_READ_OUTCOMES, type AasEmployeeRow, type AasRead, type AasReadOutcome } from '../aas-read.entity.js';

const TEXT = { type: String, nullable: true } as const;
const COUNT = { type: 'integer', nullable: true } as const;

/** One look at an AAS file. */
export class AasReadView {
  @ApiRowId() readonly id: string;
  @ApiProperty({ example: '/srv/aas/tmkq.mdb' }) readonly path: string;
  @ApiProperty({ ...TEXT, enum: ['live', 'backup', 'export'] }) readonly role: string | null;
  @ApiInstant({ nullable: true }) readonly modified_at: string | null;
  @ApiProperty({ enum: AAS_READ_OUTCOMES, description: 'refused: nothing of the file was used.' })
  readonly outcome: AasReadOutcome;
  @ApiProperty({ ...TEXT, example: 'aas/damaged' }) readonly error_code: string | null;
  @ApiProperty(TEXT) readonly error_message: string | null;
  @ApiProperty(COUNT) readonly employees: number | null;
  @ApiProperty(COUNT) readonly punches: number | null;
  @ApiProperty(COUNT) readonly punches_imported: number | null;
  @ApiProperty({ type: String, isArray: true }) readonly warnings: readonly string[];
  @ApiInstant() readonly read_at: string;
}

/** How the AAS file is doing. */
export class AasStatusView {
  @ApiProperty({ ...TEXT, description: 'AAS_PATH; null: no AAS is followed.' }) readonly path: string | null;
  @ApiProperty({
    type: Boolean,
    enum: [false],
    example: false,
    description: 'Always false: an AAS file tells who is in AAS, and cannot prove who is on a terminal.',
  })
  readonly proves_presence_on_terminal: false;
  @ApiProperty({ type: AasReadView, isArray: true, description: 'Newest first.' })
  readonly reads: readonly AasReadView[];
}

/** A person as the newest AAS file knows them. */
export class AasEmployeeView {
  @ApiProperty({ example: '00000049' }) readonly employee_id: string;
  @ApiProperty({ example: '4294967', description: 'The number on the terminal, in canonical form.' })
  readonly device_user_id: string;
  @ApiProperty(TEXT) readonly name: string | null;
  @ApiProperty({ ...TEXT, format: 'date' }) readonly end_date: string | null;
  @ApiInstant() readonly last_read_at: string;
}

export function aasReadView(read: AasRead): AasReadView {
  return {
    id: read.id,
    path: read.path,
    role: read.role,
    modified_at: read.modifiedAt?.toISOString() ?? null,
    outcome: read.outcome,
    error_code: read.errorCode,
    error_message: read.errorMessage,
    employees: read.employees,
    punches: read.punches,
    punches_imported: read.punchesImported,
    warnings: read.warnings,
    read_at: read.readAt.toISOString(),
  };
}

export function aasEmployeeView(row: AasEmployeeRow): AasEmployeeView {
  const { employeeId, deviceUserId, name, endDate, lastReadAt } = row;
  return {
    employee_id: employeeId,
    device_user_id: deviceUserId,
    name,
    end_date: endDate,
    last_read_at: lastReadAt.toISOString(),
  };
}
