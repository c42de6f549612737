import { OptionalInstant, OptionalRowId, ROW_ID } from '@app/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { HISTORY_BOUNDS } from '../monitoring-status.service.js';

/** Which terminals to show. */
export class MonitoringStatusQuery {
  @OptionalRowId('Only this device.')
  readonly device_id?: string;
}

/** Which part of which terminal's history to show. */
export class MonitoringHistoryQuery {
  @ApiProperty({ type: String, pattern: ROW_ID.source, example: '1', description: 'Row number of the device.' })
  @Matches(ROW_ID, { message: '$property must be a positive whole number' })
  readonly device_id: string;

  @OptionalInstant('Beginning of the range, included. A day before `to` unless given.')
  readonly from?: Date;

  @OptionalInstant('End of the range, included. Now unless given.')
  readonly to?: Date;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: HISTORY_BOUNDS.mostPoints,
    default: HISTORY_BOUNDS.points,
    description: 'The most intervals to give; a longer history is condensed, and keeps its extremes.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(HISTORY_BOUNDS.mostPoints)
  readonly points?: number;
}
