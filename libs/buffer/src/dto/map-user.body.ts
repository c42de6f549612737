import { ROW_ID } from '@app/http';
import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsObject,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';

const MOST_AT_ONCE = 200;

/** Who a buffered user is. */
export class MapUserBody {
  @ApiProperty({ pattern: ROW_ID.source, example: '12' })
  @Matches(ROW_ID, { message: '$property must be a positive whole number, as text' })
  readonly person_id: string;

  @ApiProperty({ enum: PERSON_TYPES, example: 'staff' })
  @IsIn(PERSON_TYPES)
  readonly person_type: PersonType;
}

export class WantedMappingBody extends MapUserBody {
  @ApiProperty({ pattern: ROW_ID.source, example: '17', description: 'The row of the buffer.' })
  @Matches(ROW_ID, { message: '$property must be a positive whole number, as text' })
  readonly buffer_id: string;
}

export class MapManyBody {
  @ApiProperty({ type: WantedMappingBody, isArray: true, minItems: 1, maxItems: MOST_AT_ONCE })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_AT_ONCE)
  @IsObject({ each: true }) // a list in the list would pass for one without properties
  @ValidateNested({ each: true })
  @Type(() => WantedMappingBody)
  readonly mappings: readonly WantedMappingBody[];
}

export class IgnoreUserBody {
  @ApiProperty({ minLength: 3, maxLength: 500, example: 'Spare card of the reception' })
  @IsString()
  @MinLength(3)
  @MaxLength(500)
  readonly reason: string;
}
