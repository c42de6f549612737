import { AppError, type PersonType } from '@app/kernel';
import { type FieldRefusal } from './person-fields.js';

/** No person has this id. */
export class PersonNotFoundError extends AppError {
  readonly code = 'people/not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`No person has the id ${id}; GET /api/people lists them all`, { details: { id } });
  }
}

/** A value of a person cannot be what it was given as. */
export class InvalidPersonError extends AppError {
  readonly code = 'people/invalid';
  readonly kind = 'invalid';

  constructor(refusals: readonly FieldRefusal[]) {
    super(`The person was not stored: ${refusals.map(({ message }) => message).join('; ')}`, {
      details: { reasonCodes: refusals.map(({ code }) => code) },
    });
  }
}

/** Another person of the same type has this external reference. */
export class ReferenceTakenError extends AppError {
  readonly code = 'people/reference-taken';
  readonly kind = 'conflict';

  constructor(type: PersonType, reference: string, cause?: unknown) {
    super(
      `Another ${type} person has the external reference "${reference}"; change that one, or give another reference`,
      {
        cause,
      },
    );
  }
}

/** The person is not in the version that the caller has seen. */
export class PersonChangedError extends AppError {
  readonly code = 'people/changed-meanwhile';
  readonly kind = 'stale';

  constructor(id: string, version: number) {
    super(`Person ${id} was changed since you read it; read it again and decide anew`, { details: { version } });
  }
}

/** Somebody else is changing the same people, and did not finish in time. */
export class PeopleBusyError extends AppError {
  readonly code = 'people/busy';
  readonly kind = 'unavailable';

  constructor(cause: unknown) {
    super('The same people are being changed by somebody else just now, an import perhaps; try again in a minute', {
      cause,
    });
  }
}
