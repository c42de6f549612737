import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type MappingOutcome } from '../buffer-mapping.service.js';

const OUTCOMES = ['mapped', 'unchanged', 'refused'] as const;

/** What became of one row of a bulk mapping. */
export class MappingOutcomeView {
  @ApiProperty({ example: '17' }) readonly buffer_id: string;
  @ApiProperty({ enum: OUTCOMES, example: 'mapped' }) readonly outcome: (typeof OUTCOMES)[number];
  @ApiPropertyOptional({ example: 'people/mapping-taken', description: 'Of a refused row.' }) readonly code?: string;
  @ApiPropertyOptional({ description: 'Why it was refused.' }) readonly detail?: string;
}

/** A bulk mapping, row by row in the order asked for. */
export class MappingOutcomesView {
  @ApiProperty({ example: 1 }) readonly mapped: number;
  @ApiProperty({ example: 0 }) readonly unchanged: number;
  @ApiProperty({ example: 0 }) readonly refused: number;
  @ApiProperty({ type: MappingOutcomeView, isArray: true }) readonly rows: readonly MappingOutcomeView[];
}

export function mappingOutcomesView(outcomes: readonly MappingOutcome[]): MappingOutcomesView {
  const count = (wanted: string): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return {
    mapped: count('mapped'),
    unchanged: count('unchanged'),
    refused: count('refused'),
    rows: outcomes.map((row) => {
      const { bufferId: buffer_id, outcome } = row;
      if (row.outcome !== 'refused') return { buffer_id, outcome };
      return { buffer_id, outcome, code: row.error.code, detail: row.error.message };
    }),
  };
}
