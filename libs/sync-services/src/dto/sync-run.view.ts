import { ApiInstant, ApiRowId, snakeCased } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { RUN_OUTCOMES, type RunOutcome, type SyncRunRow } from '../sync-run.entity.js';

const COUNT = { type: 'integer', nullable: true } as const;

/** A sync run as the API shows it. Counts are null unless it succeeded; those of users also when it read a file. */
export class SyncRunView {
  @ApiRowId({ example: '12' }) readonly id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ example: 'machineSyncService' }) readonly service: string;
  @ApiProperty({ example: 'admin-token' }) readonly requested_by: string;
  @ApiInstant() readonly started_at: string;
  @ApiInstant({ nullable: true }) readonly finished_at: string | null;
  @ApiProperty({ enum: RUN_OUTCOMES }) readonly outcome: RunOutcome;
  @ApiProperty({ type: String, nullable: true, example: 'device/incomplete-read' }) readonly error_code: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly error_message: string | null;
  @ApiProperty({ ...COUNT, description: 'Users read, with proof; mapped + unmapped.' }) readonly users_read:
    number | null;
  @ApiProperty(COUNT) readonly mapped: number | null;
  @ApiProperty(COUNT) readonly unmapped: number | null;
  @ApiProperty({ ...COUNT, description: 'Met for the first time in this run.' }) readonly newly_buffered: number | null;
  @ApiProperty({ ...COUNT, description: 'Buffered before, with other attributes.' }) readonly updated: number | null;
  @ApiProperty(COUNT) readonly already_buffered: number | null;
  @ApiProperty({ ...COUNT, description: 'Records that cannot be a user.' }) readonly invalid: number | null;
  @ApiProperty({ ...COUNT, description: 'Records in the terminal’s log, read with proof.' }) readonly punches_read:
    number | null;
  @ApiProperty({ ...COUNT, description: 'Those that were not known yet.' }) readonly punches_imported: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why the users were read and the punches were not.' })
  readonly punch_error_code: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly punch_error_message: string | null;
  @ApiProperty({ ...COUNT, description: 'Seconds by which the terminal’s clock is ahead; negative: behind.' })
  readonly clock_drift_seconds: number | null;
  @ApiProperty({ type: Object, nullable: true, description: 'What made the read complete.' })
  readonly proof: Readonly<Record<string, unknown>> | null;
}

export function syncRunView(run: SyncRunRow): SyncRunView {
  return {
    id: run.id,
    device_id: run.deviceId,
    service: run.service,
    requested_by: run.requestedBy,
    started_at: run.startedAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    outcome: run.outcome,
    error_code: run.errorCode,
    error_message: run.errorMessage,
    users_read: run.usersRead,
    mapped: run.mapped,
    unmapped: run.unmapped,
    newly_buffered: run.newlyBuffered,
    updated: run.updated,
    already_buffered: run.alreadyBuffered,
    invalid: run.invalid,
    punches_read: run.punchesRead,
    punches_imported: run.punchesImported,
    punch_error_code: run.punchErrorCode,
    punch_error_message: run.punchErrorMessage,
    clock_drift_seconds: run.clockDriftSeconds,
    proof: run.proof && snakeCased(run.proof),
  };
}
