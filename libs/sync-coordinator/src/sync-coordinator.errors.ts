import { AppError } from '@app/kernel';

const RETRY_AFTER_SECONDS = 10;

/** Somebody else holds the lease, and kept it through all retries. */
export class LeaseBusyError extends AppError {
  readonly code = 'coordination/lease-busy';
  readonly kind = 'conflict';

  constructor(
    key: string,
    /** `service@host:pid`; null when it is not known. */
    readonly holder: string | null,
    expiresAt: Date | null,
  ) {
    const until = expiresAt ? `, until ${expiresAt.toISOString()} at the latest` : '';
    super(`${key} is held by ${holder ?? 'another service'}${until}; try again when it is done`, {
      details: { key, holder, expiresAt: expiresAt?.toISOString() ?? null, retryAfterSeconds: RETRY_AFTER_SECONDS },
    });
  }
}

/** The lease ended before the work did: nothing of it may be stored. */
export class LeaseLostError extends AppError {
  readonly code = 'coordination/lease-lost';
  readonly kind = 'unavailable';

  constructor(key: string, token: string) {
    super(`The lease ${token} on ${key} ended before its work did; nothing was stored, the next run starts anew`, {
      details: { key, token },
    });
  }
}
