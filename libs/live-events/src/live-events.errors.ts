import { AppError } from '@app/kernel';

/** One caller holds as many streams as one may. */
export class TooManyStreamsError extends AppError {
  readonly code = 'events/too-many-streams';
  readonly kind = 'too-many';

  constructor(limit: number) {
    super(`You are reading ${limit} event streams already, which is the most for one caller; close one of them`, {
      details: { limit },
    });
  }
}

/** The server has as many streams as it takes, or is stopping. */
export class NoMoreStreamsError extends AppError {
  readonly code = 'events/no-more-streams';
  readonly kind = 'unavailable';

  constructor(why: string) {
    super(`The server takes no more event streams: ${why}; try again later, or ask another server`);
  }
}
