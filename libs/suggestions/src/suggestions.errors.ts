import { AppError } from '@app/kernel';

/** Only who is not mapped needs a suggestion. */
export class AlreadyMappedError extends AppError {
  readonly code = 'suggestions/already-mapped';
  readonly kind = 'conflict';

  constructor(deviceUserId: string, status: string) {
    super(
      `User ${deviceUserId} is in the status "${status}"; suggestions are for unmapped users, so unmap it first if it is ` +
        'mapped to the wrong person',
      { details: { deviceUserId, status } },
    );
  }
}

/** The index of the people would take more memory than it may. */
export class RosterTooLargeError extends AppError {
  readonly code = 'suggestions/roster-too-large';
  readonly kind = 'unavailable';

  constructor(bound: number) {
    super(
      `There are more than ${bound} active people, which is more than suggestions are made among; deactivate those who left`,
      { details: { bound } },
    );
  }
}
