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

/** The user is not as the write took him to be: changed, gone, or there where he should be absent. Nothing was sent. */
export class UserChangedError extends AppError {
  readonly code = 'device-writer/user-changed';
  readonly kind = 'conflict';
}

/** Firmware of which nobody here knows what it does at such a write; nothing was sent. */
export class UnknownFirmwareError extends AppError {
  readonly code = 'device-writer/unknown-firmware';
  readonly kind = 'conflict';
}

/** The terminal refused the write, and read again it is as it was: nothing was done. */
export class WriteRefusedError extends AppError {
  readonly code = 'device-writer/refused';
  readonly kind = 'unavailable';
}

/**
 * A write left and it is not known whether, or how much of it, was done: the answer was lost, made no sense, or did not
 * agree with what the terminal then showed. Only reading the terminal tells; it must not be repeated blindly.
 */
export class OutcomeUnknownError extends AppError {
  readonly code = 'device-writer/outcome-unknown';
  readonly kind = 'unavailable';
}
