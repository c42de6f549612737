import { PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { MAPPING_STATUSES, type MappingStatus } from '../mapping-status.js';

const INSTANT = { type: String, format: 'date-time' } as const;

export class ListBufferQuery extends PageQuery {
  @ApiPropertyOptional({ enum: MAPPING_STATUSES, description: 'Only users in this status.' })
  @IsOptional()
  @IsIn(MAPPING_STATUSES)
  readonly status?: MappingStatus;

  @ApiPropertyOptional({ description: 'Only users of this device.', example: '1' })
  @IsOptional()
  @Matches(/^[1-9][0-9]{0,17}$/, { message: 'device_id must be a positive whole number' })
  readonly device_id?: string;

  @ApiPropertyOptional({ ...INSTANT, description: 'First met at this instant or later.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly discovered_from?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'First met at this instant or earlier.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly discovered_to?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'Last seen at this instant or later.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly last_seen_from?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'Last seen at this instant or earlier.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly last_seen_to?: Date;

  @ApiPropertyOptional({ maxLength: 100, description: 'Part of a name, ID or card number, in any case.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly text?: string;
}
