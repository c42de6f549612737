import { AppError } from '@app/kernel';

/** No token, or none that we know. The same answer for every reason, so that it teaches nothing. */
export class UnauthenticatedError extends AppError {
  readonly code = 'auth/unauthenticated';
  readonly kind = 'unauthenticated';

  constructor() {
    super('This needs the administrator token: send it as "Authorization: Bearer <token>"');
  }
}
