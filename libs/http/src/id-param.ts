import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

/** A positive decimal number that a bigint column can hold. */
export const ROW_ID = /^[1-9][0-9]{0,17}$/;

/** `:id` of a row: a positive decimal number that a bigint column can hold. */
export class IdParam {
  @ApiProperty({ description: 'Row number.', pattern: ROW_ID.source, example: '1' })
  @Matches(ROW_ID, { message: 'id must be a positive whole number' })
  readonly id: string;
}
