import { AppError } from '@app/kernel';

export type EmbeddedPostgresErrorCode =
  | 'database/data-dir-unwritable'
  | 'database/data-dir-other-version'
  | 'database/embedded-unavailable'
  | 'database/embedded-failed';

/** The embedded PostgreSQL cannot be had here; the message says why and what to do. */
export class EmbeddedPostgresError extends AppError {
  readonly kind = 'unavailable';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
