import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { SIDES, type Side, STRATEGIES, type Strategy } from '../rules.js';

const LONGEST_NOTES = 1_000;

function OptionalSide(): PropertyDecorator {
  return (target, key) => {
    ApiPropertyOptional({ enum: SIDES })(target, key);
    IsOptional()(target, key);
    IsIn(SIDES)(target, key);
  };
}

/** Which side a merge takes where both have a value and differ. */
export class ChoicesBody {
  @OptionalSide() readonly name?: Side;
  @OptionalSide() readonly card_number?: Side;
  @OptionalSide() readonly privilege?: Side;
  @OptionalSide() readonly group_id?: Side;
  @OptionalSide() readonly timezone_id?: Side;
  @OptionalSide() readonly has_pin?: Side;
}

export class ResolveConflictBody {
  @ApiProperty({
    enum: STRATEGIES,
    description:
      'use_device: the database takes what differs from the device. use_database: the device takes it from the database. ' +
      'merge: per attribute the only value that there is; where both have one, the choice, and without one the name of the ' +
      'database and everything else of the device.',
  })
  @IsIn(STRATEGIES)
  readonly strategy: Strategy;

  @ApiPropertyOptional({ type: ChoicesBody, description: 'For a merge only.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChoicesBody)
  readonly choices?: ChoicesBody;

  @ApiPropertyOptional({ maxLength: LONGEST_NOTES, description: 'Why; stays in the audit log.' })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_NOTES)
  readonly notes?: string;

  @ApiPropertyOptional({
    default: false,
    description: 'Whether a name that the device has no room for is shortened; otherwise it is refused.',
  })
  @IsOptional()
  @IsBoolean()
  readonly shorten_name?: boolean;

  @ApiPropertyOptional({
    default: false,
    description: 'Needed while many users are missing from the terminal: you know it, and want the write all the same.',
  })
  @IsOptional()
  @IsBoolean()
  readonly confirm_tripped?: boolean;
}
