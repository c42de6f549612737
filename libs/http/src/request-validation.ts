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
    // PostgreSQL has no text with this character, so that no field can want it.
    if (metadata.type !== 'custom' && holdsNul(value))
      throw new InvalidRequestError(['no text may hold the character NUL']);
    return super.transform(value, metadata);
  }
}

/** Looks through what came over the wire, however deep it is. */
function holdsNul(value: unknown): boolean {
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && next.includes('\0')) return true;
    if (typeof next === 'object' && next !== null) waiting.push(...Object.keys(next), ...Object.values(next));
  }
  return false;
}

function violationsOf(error: ValidationError): string[] {
  const own = Object.values(error.constraints ?? {});
  return [...own, ...(error.children ?? []).flatMap((child) => violationsOf(child))];
}
