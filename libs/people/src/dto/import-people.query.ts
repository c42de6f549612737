import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { OptionalSwitch } from './optional-switch.js';

const MOST_PEOPLE = 10_000_000;

export class ImportPeopleQuery {
  @OptionalSwitch('Tell what would happen and change nothing; the report is that of the real import.')
  readonly dry_run?: boolean;

  @OptionalSwitch('Change nothing if any row is refused.')
  readonly all_or_nothing?: boolean;

  @ApiPropertyOptional({ enum: PERSON_TYPES, description: 'The type of rows that tell none.' })
  @IsOptional()
  @IsIn(PERSON_TYPES)
  readonly default_type?: PersonType;

  @OptionalSwitch('Deactivate people of the types in the file whose external reference is not in it.')
  readonly deactivate_missing?: boolean;

  @ApiPropertyOptional({
    description: 'With deactivate_missing: exactly how many. Needed for more than 10 that are more than a fifth.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST_PEOPLE)
  readonly confirm_deactivations?: number;
}
