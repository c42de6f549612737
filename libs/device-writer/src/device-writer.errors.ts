import { AppError, type ErrorKind } from '@app/kernel';
import { type DeviceWrite } from './device-write.entity.js';
import { type UserSnapshot } from './user-snapshot.js';

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

/** Somebody else has changed the terminal while many users were written to it; nothing more was sent. */
export class TerminalChangedError extends AppError {
  readonly code = 'device-writer/changed-meanwhile';
  readonly kind = 'conflict';

  constructor() {
    super(
      'Somebody was enrolled, changed or deleted at the terminal meanwhile; it is read again before anything is written',
    );
  }
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

/** Nobody declared what belongs to writes of this purpose. A defect of the caller; nothing was sent. */
export class UnknownPurposeError extends AppError {
  readonly code = 'device-writer/unknown-purpose';
  readonly kind = 'internal';

  constructor(purpose: string) {
    super(`No consequence is registered for writes of the purpose "${purpose}"`);
  }
}

/** The terminal was read completely and has no such user; nothing was sent. */
export class DeviceUserAbsentError extends AppError {
  readonly code = 'device-writer/user-absent';
  readonly kind = 'not-found';

  constructor(deviceUserId: string) {
    super(`The terminal has no user ${deviceUserId}; it was read completely just now`, { details: { deviceUserId } });
  }
}

/** The terminal has a user of the ID that was to be brought back; nothing was sent. */
export class DeviceUserPresentError extends AppError {
  readonly code = 'device-writer/user-present';
  readonly kind = 'conflict';

  constructor(deviceUserId: string) {
    super(
      `The terminal has a user ${deviceUserId} already, and it is not overwritten; delete it first, or give it another ID ` +
        'at the terminal',
      { details: { deviceUserId } },
    );
  }
}

/** The user is not what the caller takes it to be; nothing was sent. */
export class StaleDeviceUserError extends AppError {
  readonly code = 'device-writer/stale-user';
  readonly kind = 'conflict';

  constructor(
    deviceUserId: string,
    /** The user as it is now. */
    readonly found: UserSnapshot,
  ) {
    const { details, privilege, groupId, timezoneId, hasPin } = found.user;
    const { name = null, cardNumber = null } = details ?? {};
    super(`The user ${deviceUserId} was changed at the terminal since it was shown; look at it again, then decide`, {
      details: { deviceUserId, found: { name, cardNumber, privilege, groupId, timezoneId, hasPin } },
    });
  }
}

/** It is not known yet what became of another write to this user; nothing was sent. */
export class WritePendingError extends AppError {
  readonly code = 'device-writer/write-pending';
  readonly kind = 'conflict';

  constructor(deviceUserId: string, writeId: string) {
    super(
      `It is not known yet what became of write ${writeId} to the user ${deviceUserId}; it is settled by reading the ` +
        'terminal, within a minute when that can be reached. Try again then',
      { details: { deviceUserId, writeId } },
    );
  }
}

type Told = Pick<DeviceWrite, 'id' | 'kind' | 'deviceUserId'>;

function factsOf({ id, kind, deviceUserId }: Told, cause: unknown): Record<string, unknown> {
  return { writeId: id, kind, deviceUserId, ...(cause instanceof AppError ? { causeCode: cause.code } : {}) };
}

function because(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}

/** The terminal was read and holds what it held before. What refuses for good is a conflict, all else may be tried again. */
export class WriteNotDoneError extends AppError {
  readonly code = 'device-writer/not-done';
  readonly kind: ErrorKind;

  constructor(write: Told, cause: unknown) {
    const why = cause === undefined ? ': it took the command and did not follow it' : because(cause);
    super(`The terminal did not ${write.kind} the user ${write.deviceUserId}, who is as before${why}`, {
      cause,
      details: factsOf(write, cause),
    });
    this.kind = cause instanceof AppError && cause.kind === 'conflict' ? 'conflict' : 'unavailable';
  }
}

/** Something was sent, and what became of it could not be read; it will be settled by reading. */
export class WriteUnsettledError extends AppError {
  readonly code = 'device-writer/unsettled';
  readonly kind = 'unavailable';

  constructor(write: Told, cause: unknown) {
    super(
      `It is not known yet whether the terminal did ${write.kind} the user ${write.deviceUserId} (write ${write.id})` +
        `${because(cause)}. It is settled by reading the terminal, every minute until that works; the audit log tells how`,
      { cause, details: factsOf(write, cause) },
    );
  }
}

/** The user is neither what it was nor what it should be, and putting it back did not help: somebody has to look. */
export class WriteUndeterminedError extends AppError {
  readonly code = 'device-writer/undetermined';
  readonly kind = 'conflict';

  constructor(write: Told, cause?: unknown) {
    super(
      `The user ${write.deviceUserId} is neither as before nor as wanted after write ${write.id} (${write.kind}); look at ` +
        'it at the terminal (docs/operations.md, "Writing to a terminal")',
      { cause, details: factsOf(write, cause) },
    );
  }
}
