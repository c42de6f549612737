import { AppError } from '@app/kernel';

/** A value that the terminal cannot hold as it is; nothing was sent. */
export class UnwritableValueError extends AppError {
  readonly code = 'device-writer/unwritable-value';
  readonly kind = 'invalid';
}

/** Stored bytes that are no snapshot of this protocol. */
export class BadSnapshotError extends AppError {
  readonly code = 'device-writer/bad-snapshot';
  readonly kind = 'internal';
}
