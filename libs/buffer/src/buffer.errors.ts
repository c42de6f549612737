import { AppError } from '@app/kernel';

/** No row of the buffer has this id. */
export class BufferedUserNotFoundError extends AppError {
  readonly code = 'buffer/user-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`No buffered device user has the id ${id}; GET /api/device-users/buffer lists them`, { details: { id } });
  }
}

/** Only a user who waits for a mapping can be put aside. */
export class NotWaitingError extends AppError {
  readonly code = 'buffer/not-waiting';
  readonly kind = 'conflict';

  constructor(deviceUserId: string, status: string) {
    super(`User ${deviceUserId} is in the status "${status}"; only an unmapped user can be ignored`, {
      details: { deviceUserId, status },
    });
  }
}
