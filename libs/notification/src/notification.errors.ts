import { AppError } from '@app/kernel';

export class ChannelSettingsError extends AppError {
  readonly code = 'notification/bad-channel';
  readonly kind = 'invalid';

  constructor(kind: string, problem: string) {
    super(`A channel of kind ${kind} cannot be made like that: ${problem} (see docs/notifications.md)`);
  }
}

export class ChannelNameTakenError extends AppError {
  readonly code = 'notification/name-taken';
  readonly kind = 'conflict';

  constructor(name: string) {
    super(`There is a channel "${name}" already; give another name`);
  }
}

export class ChannelNotFoundError extends AppError {
  readonly code = 'notification/channel-not-found';
  readonly kind = 'not-found';

  constructor(wanted: string) {
    super(`There is no channel ${wanted}; GET /api/notifications/channels lists them`);
  }
}

export class LogChannelError extends AppError {
  readonly code = 'notification/log-channel';
  readonly kind = 'conflict';

  constructor() {
    super(
      'The log is always there: it can be narrowed, and neither switched off nor removed, nor can there be another one',
    );
  }
}

export class DeliveryNotFoundError extends AppError {
  readonly code = 'notification/delivery-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no delivery ${id}; GET /api/notifications/deliveries lists them`);
  }
}

export class DeliveryWaitingError extends AppError {
  readonly code = 'notification/delivery-waiting';
  readonly kind = 'conflict';

  constructor(id: string) {
    super(`Delivery ${id} is still on its way; it is tried again by itself`);
  }
}

/** A message was not taken. It is tried again; the reason stands with the delivery. */
export class NotDeliveredError extends AppError {
  readonly code = 'notification/not-delivered';
  readonly kind = 'unavailable';

  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super(`The message was not delivered: ${reason}`, options);
  }
}
