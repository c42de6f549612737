import { canonicalDeviceUserId } from '@app/kernel';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsDate, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { ROW_ID } from './id-param.js';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i;
const DEVICE_USER_ID_LENGTH = 64;

/**
 * An optional instant of a query, as a `Date`. Its offset must be given: a day or a time alone would mean something else
 * on a server in another zone.
 */
export function OptionalInstant(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, format: 'date-time', description }),
    IsOptional(),
    isInstant(),
  );
}

/** An instant that a query must give, as OptionalInstant. */
export function RequiredInstant(description: string): PropertyDecorator {
  return applyDecorators(ApiProperty({ type: String, format: 'date-time', description }), isInstant());
}

function isInstant(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? parseInstant(value) : value)),
    IsDate({ message: '$property must be an instant with its offset, such as 2026-01-31T09:45:00Z' }),
  );
}

/** An optional `true` or `false` of a query. */
export function OptionalFlag(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: Boolean, description }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    IsBoolean({ message: '$property must be true or false' }),
  );
}

/** An optional row number of a query, as its decimal text. */
export function OptionalRowId(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, pattern: ROW_ID.source, description, example: '1' }),
    IsOptional(),
    Matches(ROW_ID, { message: '$property must be a positive whole number' }),
  );
}

/** An optional device user ID of a query, in canonical form: leading zeros do not matter. */
export function OptionalDeviceUserId(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: String,
      minLength: 1,
      maxLength: DEVICE_USER_ID_LENGTH,
      description: `${description}; leading zeros do not matter.`,
      example: '9001',
    }),
    IsOptional(),
    IsString(),
    MinLength(1),
    MaxLength(DEVICE_USER_ID_LENGTH),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? canonicalDeviceUserId(value) : value)),
  );
}

/** What is no instant stays the text that it was. */
function parseInstant(text: string): Date | string {
  const written = text.replace(/ (?=\d{2}:\d{2}$)/, '+'); // a plus sign in an address means a blank
  const instant = new Date(written);
  if (!INSTANT.test(written) || Number.isNaN(instant.getTime())) return text;
  // The 30th of February would become the 2nd of March.
  const day = written.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? instant : text;
}
