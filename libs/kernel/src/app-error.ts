/** What a caller can do about an error; the HTTP status and the CLI's exit code follow from it. */
export type ErrorKind =
  | 'invalid'
  | 'not-found'
  | 'conflict'
  /** Asked about a version of things that is not theirs any more. */
  | 'stale'
  | 'unauthenticated'
  | 'forbidden'
  | 'too-many'
  | 'unavailable'
  | 'internal';

/**
 * An error that we foresee. `code` is stable and documented (`device/incomplete-read`), the message names the value,
 * the bound and the remedy, and `details` holds facts for programs. Everything that is not an AppError is a defect.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;
  /**
   * Facts for programs and logs; never a secret, a PIN or a template. `retryAfterSeconds` among them says when the same may
   * succeed, and stands in the answer's Retry-After.
   */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = Object.freeze({ ...options.details });
  }
}
