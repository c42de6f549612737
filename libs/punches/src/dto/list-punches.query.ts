import { PageQuery } from '@app/http';
import { canonicalDeviceUserId } from '@app/kernel';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { PUNCH_SOURCES, type PunchSource } from '../punch.entity.js';

const INSTANT = { type: String, format: 'date-time' } as const;
const ROW_NUMBER = /^[1-9][0-9]{0,17}$/;

export class ListPunchesQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only punches of this device.', example: '1' })
  @IsOptional()
  @Matches(ROW_NUMBER, { message: 'device_id must be a positive whole number' })
  readonly device_id?: string;

  @ApiPropertyOptional({ description: 'Only of this device user; leading zeros do not matter.', example: '9001' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? canonicalDeviceUserId(value) : value))
  readonly device_user_id?: string;

  @ApiPropertyOptional({ description: 'Only of this person.', example: '12' })
  @IsOptional()
  @Matches(ROW_NUMBER, { message: 'person_id must be a positive whole number' })
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

  @ApiPropertyOptional({ ...INSTANT, description: 'At this instant or later.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly from?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'At this instant or earlier.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly to?: Date;
}
