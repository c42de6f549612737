import { OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { RUN_OUTCOMES, type RunOutcome } from '../sync-run.entity.js';

export class ListRunsQuery extends PageQuery {
  @OptionalRowId('Only runs of this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: RUN_OUTCOMES, description: 'Only runs that ended so.' })
  @IsOptional()
  @IsIn(RUN_OUTCOMES)
  readonly outcome?: RunOutcome;
}
