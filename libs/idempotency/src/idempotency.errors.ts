import { AppError } from '@app/kernel';

export const LONGEST_KEY = 200;

/** The header is there and is no key. */
export class BadIdempotencyKeyError extends AppError {
  readonly code = 'http/bad-idempotency-key';
  readonly kind = 'invalid';

  constructor() {
    super(`Idempotency-Key must be 1 to ${LONGEST_KEY} visible ASCII characters; a UUID of your own making is best`);
  }
}

/** Only what arrived as JSON, or without a body, can be recognised when it comes again. */
export class IdempotencyUnsupportedError extends AppError {
  readonly code = 'http/idempotency-unsupported';
  readonly kind = 'invalid';

  constructor() {
    super(
      'This request cannot be repeated under an Idempotency-Key, since its body is not JSON; send it without the key',
    );
  }
}

/** The key was used for another request. */
export class IdempotencyKeyReusedError extends AppError {
  readonly code = 'http/idempotency-key-reused';
  readonly kind = 'conflict';

  constructor() {
    super(
      'This Idempotency-Key was used for another request (method, path, body and If-Match count); ' +
        'a new request needs a new key',
    );
  }
}

/** The first request with this key has not been answered yet. */
export class IdempotencyInProgressError extends AppError {
  readonly code = 'http/idempotency-in-progress';
  readonly kind = 'conflict';

  constructor() {
    super(
      'The first request with this Idempotency-Key is still under way; send it again in a moment, with the same key',
      { details: { retryAfterSeconds: 2 } },
    );
  }
}

/** The request was done and answered, and its answer was not kept. */
export class IdempotencyNotReplayableError extends AppError {
  readonly code = 'http/idempotency-not-replayable';
  readonly kind = 'conflict';

  constructor(answeredWith: number) {
    super(
      `A request with this Idempotency-Key was done and answered with ${answeredWith}; that answer held a secret or was ` +
        'too long to keep, so it is not given again. Look at what is there now; a new request needs a new key',
      { details: { answeredWith } },
    );
  }
}
