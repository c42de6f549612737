import { OptionalFlag, OptionalInstant, OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { MAPPING_STATUSES, type MappingStatus } from '../mapping-status.js';

export class ListBufferQuery extends PageQuery {
  @ApiPropertyOptional({ enum: MAPPING_STATUSES, description: 'Only users in this status.' })
  @IsOptional()
  @IsIn(MAPPING_STATUSES)
  readonly status?: MappingStatus;

  @OptionalRowId('Only users of this device.')
  readonly device_id?: string;

  @OptionalFlag('true: only users that were put aside; false: only users that were not.')
  readonly ignored?: boolean;

  @OptionalInstant('First met at this instant or later.')
  readonly discovered_from?: Date;

  @OptionalInstant('First met at this instant or earlier.')
  readonly discovered_to?: Date;

  @OptionalInstant('Last seen at this instant or later.')
  readonly last_seen_from?: Date;

  @OptionalInstant('Last seen at this instant or earlier.')
  readonly last_seen_to?: Date;

  @ApiPropertyOptional({ minLength: 1, maxLength: 100, description: 'Part of a name, ID or card number, in any case.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly text?: string;
}
