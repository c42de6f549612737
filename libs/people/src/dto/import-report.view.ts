import { ApiProperty } from '@nestjs/swagger';
import { type ImportReport } from '../import/people-import.service.js';
import { type RowOutcome, type RowResult } from '../import/staged-people.js';

const OUTCOMES = ['created', 'updated', 'refused', 'deactivated'] as const satisfies readonly RowOutcome[];

/** How many rows came to what. */
export class ImportTotalsView {
  @ApiProperty({ description: 'Rows in the file, without blank ones.' }) readonly rows: number;
  @ApiProperty() readonly created: number;
  @ApiProperty() readonly updated: number;
  @ApiProperty() readonly unchanged: number;
  @ApiProperty() readonly refused: number;
  @ApiProperty({ description: 'People who are in no row.' }) readonly deactivated: number;
}

/** A row in which something happened. */
export class ImportRowView {
  @ApiProperty({
    type: Number,
    nullable: true,
    example: 2,
    description: 'Where it begins; null: deactivated, in no row.',
  })
  readonly line: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'Null: it could not be read.' })
  readonly person_type: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Null: it could not be read.' })
  readonly external_reference: string | null;
  @ApiProperty({ enum: OUTCOMES }) readonly outcome: RowOutcome;
  @ApiProperty({ type: String, nullable: true, description: 'Why it was refused, with value and bound.' })
  readonly reason: string | null;
  @ApiProperty({ type: String, isArray: true, example: ['card-not-digits'] }) readonly reason_codes: readonly string[];
  @ApiProperty({ type: String, isArray: true, example: ['name'] }) readonly changed: readonly string[];
}

/** What an import did, or would do. */
export class ImportReportView {
  @ApiProperty() readonly dry_run: boolean;
  @ApiProperty({ description: 'False: nothing was changed; a dry run, or all_or_nothing with refused rows.' })
  readonly applied: boolean;
  @ApiProperty({ description: 'Of the file, in hexadecimal; the audit entry has it too.' })
  readonly file_sha256: string;
  @ApiProperty() readonly file_bytes: number;
  @ApiProperty({ type: ImportTotalsView }) readonly totals: ImportTotalsView;
  @ApiProperty({ type: ImportRowView, isArray: true, description: 'Without unchanged rows; at most 1,000.' })
  readonly rows: readonly ImportRowView[];
  @ApiProperty({ description: 'Rows that would come after these.' }) readonly rows_left_out: number;
}

export function importReportView(report: ImportReport): ImportReportView {
  return {
    dry_run: report.dryRun,
    applied: report.applied,
    file_sha256: report.fileSha256,
    file_bytes: report.fileBytes,
    totals: report.totals,
    rows: report.rows.map(rowView),
    rows_left_out: report.rowsLeftOut,
  };
}

function rowView(row: RowResult): ImportRowView {
  return {
    line: row.line,
    person_type: row.personType,
    external_reference: row.externalReference,
    outcome: row.outcome,
    reason: row.reason,
    reason_codes: row.reasonCodes,
    changed: row.changed,
  };
}
