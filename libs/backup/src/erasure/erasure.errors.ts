import { AppError } from '@app/kernel';

/** Erasing needs an administrator, also where no guard stands before it. */
export class ErasureForbiddenError extends AppError {
  readonly code = 'backup/administrators-only';
  readonly kind = 'forbidden';

  constructor() {
    super('Only an administrator may erase a device user');
  }
}

/** An erasure without a reason that people can read later. */
export class ErasureReasonError extends AppError {
  readonly code = 'backup/reason-required';
  readonly kind = 'invalid';

  constructor(length: number, bounds: { readonly min: number; readonly max: number }) {
    super(`An erasure needs a reason of ${bounds.min} to ${bounds.max} characters, and this one has ${length}`);
  }
}

/** It is not said, or said twice, who is to be erased. */
export class ErasureTargetError extends AppError {
  readonly code = 'backup/erasure-target';
  readonly kind = 'invalid';

  constructor() {
    super('Say who is to be erased: either device_id and device_user_id, or person_id and person_type, and not both');
  }
}

/** The person has no mapping in force, so that it is not known who of which terminal that is. */
export class NobodyToEraseError extends AppError {
  readonly code = 'backup/nobody-to-erase';
  readonly kind = 'not-found';

  constructor(personType: string, personId: string) {
    super(
      `No device user is mapped to the ${personType} ${personId}; erase them by device and ID, which the audit log tells ` +
        'where a mapping has ended',
      { details: { personType, personId } },
    );
  }
}

export class ErasureNotFoundError extends AppError {
  readonly code = 'backup/erasure-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`No erasure has the number ${id}; GET /api/device-users/erasures lists them`);
  }
}

/** What would be brought back is of before the erasure. */
export class ErasedError extends AppError {
  readonly code = 'backup/erased';
  readonly kind = 'conflict';

  constructor(deviceUserId: string) {
    super(
      `The user ${deviceUserId} was erased, and does not come back from anything that was kept before (docs/erasure.md); ` +
        'enrol the user anew at the terminal',
      { details: { deviceUserId } },
    );
  }
}
