import { AppError } from '@app/kernel';
import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

/** The request's body, query or path does not fit its description; every violation is named. */
export class InvalidRequestError extends AppError {
  readonly code = 'http/invalid-request';
  readonly kind = 'invalid';

  constructor(violations: readonly string[]) {
    super(`The request was not understood: ${violations.join('; ')}`, { details: { violations } });
  }
}

/** The one pipe for all input: unknown properties are refused, values become instances of their class. */
export function requestValidation(): ValidationPipe {
  return new RequestValidation({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new InvalidRequestError(errors.flatMap((error) => violationsOf(error))),
  });
}

class RequestValidation extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'custom') refuseWhatNothingWants(value);
    return super.transform(value, metadata);
  }
}

/**
 * Looks through what came over the wire, however deep it is, for what no field can want: text that PostgreSQL cannot hold,
 * and names that every object has, which the validator takes for known and the transformer drops without a word.
 */
function refuseWhatNothingWants(value: unknown): void {
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && (next.includes('\0') || !next.isWellFormed()))
      throw new InvalidRequestError(['no text may hold the character NUL, or half of a character (a lone surrogate)']);
    if (typeof next !== 'object' || next === null) continue;
    for (const name of Object.keys(next)) {
      if (name in Object.prototype || name === 'prototype')
        throw new InvalidRequestError([`property ${name} should not exist`]);
    }
    waiting.push(...Object.keys(next), ...Object.values(next));
  }
}

function violationsOf(error: ValidationError): string[] {
  const own = Object.values(error.constraints ?? {});
  return [...own, ...(error.children ?? []).flatMap((child) => violationsOf(child))];
}
