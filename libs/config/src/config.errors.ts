import { AppError } from '@app/kernel';

/** One or more variables are unusable; the message names each of them, its value and its bound. */
export class InvalidConfigError extends AppError {
  readonly code = 'config/invalid';
  readonly kind = 'invalid';

  constructor(readonly problems: readonly string[]) {
    super(`Cannot start with these settings: ${problems.join('; ')}`, { details: { problems } });
  }
}
