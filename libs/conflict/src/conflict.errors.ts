import { AppError } from '@app/kernel';
import { type UserConflict } from './conflict.entity.js';
import { type Strategy } from './rules.js';
import { type ComparedAttribute } from './user-version.js';

/** No conflict has this id. */
export class ConflictNotFoundError extends AppError {
  readonly code = 'conflict/not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no conflict ${id}`, { details: { conflictId: id } });
  }
}

/** Somebody settled it, or it vanished. */
export class AlreadyResolvedError extends AppError {
  readonly code = 'conflict/already-resolved';
  readonly kind = 'conflict';

  constructor({ id, resolvedAt, resolvedBy, resolutionStrategy, resolutionNotes }: UserConflict) {
    const how = resolutionStrategy ?? resolutionNotes ?? 'it vanished';
    super(`Conflict ${id} was settled at ${resolvedAt?.toISOString()} by ${resolvedBy} (${how}); nothing was changed`, {
      details: {
        conflictId: id,
        resolvedAt: resolvedAt?.toISOString(),
        resolvedBy,
        strategy: resolutionStrategy,
        notes: resolutionNotes,
      },
    });
  }
}

/** The decision names a version that the conflict does not have any more. Nothing was changed. */
export class StaleDecisionError extends AppError {
  readonly code = 'conflict/stale-decision';
  readonly kind = 'stale';

  constructor(wanted: string, conflict: UserConflict) {
    super(
      `The decision is about version ${wanted} of conflict ${conflict.id}, which has version ${conflict.version} now; look ` +
        'at it again, then decide',
      { details: freshVersions(conflict) },
    );
  }
}

/** Device or database are not what was shown. Nothing was changed, and the conflict shows what is there now. */
export class ChangedMeanwhileError extends AppError {
  readonly code = 'conflict/changed-meanwhile';
  readonly kind = 'conflict';

  constructor(conflict: UserConflict) {
    super(
      conflict.resolved
        ? `Device or database changed since conflict ${conflict.id} was shown, and it is none any more; nothing was changed`
        : `Device or database changed since conflict ${conflict.id} was shown; nothing was changed. Look at it again, then decide`,
      { details: freshVersions(conflict) },
    );
  }
}

/** Nobody is mapped to the user any more, so that there is no database version. */
export class UserNotMappedError extends AppError {
  readonly code = 'conflict/user-not-mapped';
  readonly kind = 'conflict';

  constructor({ id, deviceUserId }: Pick<UserConflict, 'id' | 'deviceUserId'>) {
    super(`The user ${deviceUserId} of conflict ${id} is not mapped to anybody now; map them first`, {
      details: { conflictId: id, deviceUserId },
    });
  }
}

/** The database says that there is a PIN, the device has none, and nobody knows it. */
export class PinUnknownError extends AppError {
  readonly code = 'conflict/pin-unknown';
  readonly kind = 'conflict';

  constructor(deviceUserId: string) {
    super(
      `The user ${deviceUserId} had a PIN and has none on the device now. PINs are kept nowhere, so none can be written: ` +
        'have one entered at the terminal and read it, or settle with use_device or merge',
      { details: { deviceUserId } },
    );
  }
}

/** One side has nothing, and the other must have something. */
export class EmptyValueError extends AppError {
  readonly code = 'conflict/empty-value';
  readonly kind = 'conflict';

  constructor(attribute: ComparedAttribute, strategy: Strategy) {
    const what =
      attribute === 'name'
        ? 'The device has no name, and a person must have one; use merge or use_database'
        : `The database has no ${attribute}, and a user of a device must have one; use merge or use_device`;
    super(what, { details: { attribute, strategy } });
  }
}

/** Choices that would not be followed. */
export class VainChoiceError extends AppError {
  readonly code = 'conflict/vain-choice';
  readonly kind = 'invalid';

  static withoutMerge(strategy: Strategy): VainChoiceError {
    return new VainChoiceError(`Choices go with merge, and the strategy is ${strategy}`, { details: { strategy } });
  }

  static ofEmpty(attributes: readonly ComparedAttribute[]): VainChoiceError {
    return new VainChoiceError(
      `A merge takes the only value that there is, and the chosen side has none: ${attributes.join(', ')}. To empty them, ` +
        'settle with that side as a whole',
      { details: { attributes } },
    );
  }
}

/** What the device would hold is not what was decided; nothing was sent. */
export class NoAgreementError extends AppError {
  readonly code = 'conflict/no-agreement';
  readonly kind = 'conflict';

  constructor(deviceUserId: string, attributes: readonly ComparedAttribute[]) {
    super(
      `The device cannot hold these values of the user ${deviceUserId} as decided: ${attributes.join(', ')}; settle with use_device`,
      { details: { deviceUserId, attributes } },
    );
  }
}

/** The versions as they are now, for whoever has to decide again. */
function freshVersions(conflict: UserConflict): Record<string, unknown> {
  const { id, version, resolved, differing, deviceData, databaseData, agreedData } = conflict;
  return {
    conflictId: id,
    version,
    resolved,
    differing,
    device: deviceData,
    database: databaseData,
    agreed: agreedData,
  };
}
