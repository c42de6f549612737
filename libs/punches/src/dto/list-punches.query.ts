import { OptionalDeviceUserId, OptionalInstant, OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PUNCH_SOURCES, type PunchSource } from '../punch.entity.js';

export class ListPunchesQuery extends PageQuery {
  @OptionalRowId('Only punches of this device.')
  readonly device_id?: string;

  @OptionalDeviceUserId('Only of this device user')
  readonly device_user_id?: string;

  @OptionalRowId('Only of this person.')
  readonly person_id?: string;

  @ApiPropertyOptional({ enum: ['attributed', 'unattributed'], description: 'Only with, or only without, a person.' })
  @IsOptional()
  @IsIn(['attributed', 'unattributed'])
  readonly attribution?: 'attributed' | 'unattributed';

  @ApiPropertyOptional({
    enum: PUNCH_SOURCES,
    description: 'Only what a terminal told, or only what an AAS file told.',
  })
  @IsOptional()
  @IsIn(PUNCH_SOURCES)
  readonly source?: PunchSource;

  @OptionalInstant('At this instant or later.')
  readonly from?: Date;

  @OptionalInstant('At this instant or earlier.')
  readonly to?: Date;
}
