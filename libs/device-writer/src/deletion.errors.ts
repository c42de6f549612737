import { AppError } from '@app/kernel';

/** Deleting needs an administrator, also where no guard stands before it. */
export class DeletionForbiddenError extends AppError {
  readonly code = 'device-writer/administrators-only';
  readonly kind = 'forbidden';

  constructor() {
    super('Only an administrator may delete a device user or undo a deletion');
  }
}

/** A deletion without a reason that people can read later. */
export class DeletionReasonError extends AppError {
  readonly code = 'device-writer/reason-required';
  readonly kind = 'invalid';

  constructor(length: number, bounds: { readonly min: number; readonly max: number }) {
    super(
      `A deletion needs a reason of ${bounds.min} to ${bounds.max} characters, and this one has ${length}; ` +
        'send it as {"reason": "…"} or ?reason=…',
    );
  }
}

/** So many users were deleted lately that this one has to wait; nothing was sent. */
export class DeletionBudgetError extends AppError {
  readonly code = 'device-writer/deletion-budget';
  readonly kind = 'too-many';

  constructor(
    whose: 'administrator' | 'device',
    allowed: string,
    next: { readonly possibleAt: Date; readonly retryAfterSeconds: number },
  ) {
    const possibleAt = next.possibleAt.toISOString();
    super(`${allowed}; the next deletion is possible at ${possibleAt}`, {
      details: { whose, possibleAt, retryAfterSeconds: next.retryAfterSeconds },
    });
  }
}

/** No deletion has this number. */
export class DeletionNotFoundError extends AppError {
  readonly code = 'device-writer/deletion-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`No deletion has the number ${id}; \`holdfast device-user deletions\` shows them all`);
  }
}

/** A deletion can be undone once. */
export class AlreadyUndoneError extends AppError {
  readonly code = 'device-writer/already-undone';
  readonly kind = 'conflict';

  constructor(id: string, restoredAt: Date | null, restoredBy: string | null) {
    super(`Deletion ${id} was undone already, at ${restoredAt?.toISOString()} by ${restoredBy}`, {
      details: { restoredAt: restoredAt?.toISOString(), restoredBy },
    });
  }
}

/** What it would take to bring the user back was erased for good. */
export class SnapshotErasedError extends AppError {
  readonly code = 'device-writer/snapshot-erased';
  readonly kind = 'conflict';

  constructor(id: string, deviceUserId: string) {
    super(
      `Deletion ${id} cannot be undone: everything of the user ${deviceUserId} was erased for good (docs/erasure.md). ` +
        'Enrol the user anew at the terminal',
      { details: { deviceUserId } },
    );
  }
}
