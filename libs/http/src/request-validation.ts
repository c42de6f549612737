import { AppError } from '@app/kernel';
import { ValidationPipe } from '@nestjs/common';
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
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new InvalidRequestError(errors.flatMap((error) => violationsOf(error))),
  });
}

function violationsOf(error: ValidationError): string[] {
  const own = Object.values(error.constraints ?? {});
  return [...own, ...(error.children ?? []).flatMap((child) => violationsOf(child))];
}
