import { AppError } from '@app/kernel';

/** No terminal with this serial number waits to be adopted. */
export class PendingTerminalNotFoundError extends AppError {
  readonly code = 'dial-in/not-pending';
  readonly kind = 'not-found';

  constructor(serialNumber: string) {
    super(
      `No terminal with serial number "${serialNumber}" waits to be adopted; \`holdfast device pending\` shows those that ` +
        'do. It has to dial in first: see docs/devices.md',
      { details: { serialNumber } },
    );
  }
}

/** The port for terminals that dial in cannot be listened on, or its certificate cannot be used. */
export class CannotListenError extends AppError {
  readonly code = 'dial-in/cannot-listen';
  readonly kind = 'unavailable';
}
