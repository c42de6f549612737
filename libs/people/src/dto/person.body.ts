import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { LONGEST_CARD, LONGEST_NAME, LONGEST_REFERENCE } from '../person-fields.js';

/** Spaces and zeros that the canonical form takes away may come on top of the longest value. */
const LONGEST_TEXT = 1_000;

/** A text that may be null, for none. */
function OptionalText(description: string, maxLength: number, example: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, nullable: true, maxLength, description, example }),
    IsOptional(),
    IsString(),
    MaxLength(LONGEST_TEXT),
  );
}

/** A person who is to be made. */
export class CreatePersonBody {
  @ApiProperty({ enum: PERSON_TYPES, description: 'Cannot be changed later: mappings keep it.' })
  @IsIn(PERSON_TYPES)
  readonly person_type: PersonType;

  @OptionalText('The key in the HR or school system; one person of each type has it.', LONGEST_REFERENCE, 'S-1042')
  readonly external_reference?: string | null;

  @ApiProperty({ maxLength: LONGEST_NAME, description: 'Of any script; stored in NFC, spaces collapsed.' })
  @IsString()
  @MaxLength(LONGEST_TEXT)
  readonly name: string;

  @OptionalText('Decimal digits; leading zeros do not matter; empty, null or 0: none.', LONGEST_CARD, '12345678')
  readonly card_number?: string | null;

  @ApiPropertyOptional({ default: true })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean()
  readonly active?: boolean;
}

/** What is to change; what is left out stays as it is, null is none. */
export class ChangePersonBody extends PartialType(OmitType(CreatePersonBody, ['person_type']), {
  skipNullProperties: false,
}) {}

/** A person as the HR system has it; what is left out stays as it is. */
export class PutPersonBody extends PickType(CreatePersonBody, ['name', 'card_number', 'active']) {}

/** `:person_type/:external_reference` of a path. */
export class ExternalKeyParams {
  @ApiProperty({ enum: PERSON_TYPES, description: 'Staff or student; references are unique within each.' })
  @IsIn(PERSON_TYPES)
  readonly person_type: PersonType;

  @ApiProperty({
    maxLength: LONGEST_REFERENCE,
    example: 'S-1042',
    description: 'The key of the person in the HR or school system.',
  })
  @IsString()
  @MaxLength(LONGEST_TEXT)
  readonly external_reference: string;
}
