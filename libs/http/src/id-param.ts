import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

/** `:id` of a row: a positive decimal number that a bigint column can hold. */
export class IdParam {
  @ApiProperty({ description: 'Row number.', pattern: '^[1-9][0-9]{0,17}$', example: '1' })
  @Matches(/^[1-9][0-9]{0,17}$/, { message: 'id must be a positive whole number' })
  readonly id: string;
}
