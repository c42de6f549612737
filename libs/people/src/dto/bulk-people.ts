import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';
import { type ChangedPerson, type RowOutcome } from '../import/staged-people.js';
import { CreatePersonBody } from './person.body.js';

/** More people than this are a file to import. */
const MOST_PEOPLE = 200;
const OUTCOMES = ['created', 'updated', 'unchanged', 'refused'] as const satisfies readonly RowOutcome[];

/** Many people at once. Each is looked at by itself, so that a wrong one is refused in its row. */
export class BulkPeopleBody {
  @ApiProperty({
    type: CreatePersonBody,
    isArray: true,
    minItems: 1,
    maxItems: MOST_PEOPLE,
    description: 'Each needs its external_reference. A card or active that is left out stays as it is.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_PEOPLE)
  readonly people: readonly unknown[];
}

/** What became of one of them. */
export class BulkResultView {
  @ApiProperty({ example: 1, description: 'Its place in the list, from 1.' }) readonly row: number;
  @ApiProperty({ enum: OUTCOMES }) readonly outcome: RowOutcome;
  @ApiProperty({ type: String, nullable: true, description: 'Null: refused.' }) readonly id: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly external_reference: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it was refused, with value and bound.' })
  readonly reason: string | null;
  @ApiProperty({ type: String, isArray: true, example: ['name-missing'] }) readonly reason_codes: readonly string[];
  @ApiProperty({ type: String, isArray: true, example: ['card_number'] }) readonly changed: readonly string[];
}

/** What became of all of them, in their order. */
export class BulkResultsView {
  @ApiProperty({ type: BulkResultView, isArray: true }) readonly results: readonly BulkResultView[];
}

export function bulkResultView(result: ChangedPerson): BulkResultView {
  return {
    row: result.line ?? 0,
    outcome: result.outcome,
    id: result.personId,
    external_reference: result.externalReference,
    reason: result.reason,
    reason_codes: result.reasonCodes,
    changed: result.changed,
  };
}
