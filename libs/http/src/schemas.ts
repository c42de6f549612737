import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ROW_ID } from './id-param.js';

type Wishes = { readonly description?: string; readonly example?: string | null };

/** Describes the number of a row: a bigint, and so a decimal text on the wire. */
export function ApiRowId(wishes: Wishes & { readonly nullable?: boolean } = {}): PropertyDecorator {
  return ApiProperty({ type: String, pattern: ROW_ID.source, example: '1', ...wishes } as ApiPropertyOptions);
}

/** Describes an instant: RFC 3339 in UTC. */
export function ApiInstant(wishes: Wishes & { readonly nullable?: boolean } = {}): PropertyDecorator {
  const example = '2026-01-31T09:45:00.000Z';
  return ApiProperty({ type: String, format: 'date-time', example, ...wishes } as ApiPropertyOptions);
}
