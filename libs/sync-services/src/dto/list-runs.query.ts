import { PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { RUN_OUTCOMES, type RunOutcome } from '../sync-run.entity.js';

export class ListRunsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only runs of this device.', example: '1' })
  @IsOptional()
  @Matches(/^[1-9][0-9]{0,17}$/, { message: 'device_id must be a positive whole number' })
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: RUN_OUTCOMES, description: 'Only runs that ended so.' })
  @IsOptional()
  @IsIn(RUN_OUTCOMES)
  readonly outcome?: RunOutcome;
}
