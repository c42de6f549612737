import { PageQuery } from '@app/http';
import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { OptionalSwitch } from './optional-switch.js';

export class ListPeopleQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PERSON_TYPES, description: 'Only people of this type.' })
  @IsOptional()
  @IsIn(PERSON_TYPES)
  readonly person_type?: PersonType;

  @OptionalSwitch('Only people who are active, or who are not.')
  readonly active?: boolean;

  @OptionalSwitch('Only people to whom a device user is mapped now, or to whom none is.')
  readonly mapped?: boolean;

  @ApiPropertyOptional({
    maxLength: 100,
    description: 'Part of a name, external reference or card number, in any case.',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly text?: string;
}
