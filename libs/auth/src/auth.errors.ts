import { type Actor, AppError, type Role } from '@app/kernel';

/** Nothing that we know, or nothing at all. The same answer for every reason, so that it teaches nothing. */
export class UnauthenticatedError extends AppError {
  readonly code = 'auth/unauthenticated';
  readonly kind = 'unauthenticated';

  constructor() {
    super(
      'This needs a valid session or API key: send it as "Authorization: Bearer <token>"; POST /api/session gives a ' +
        'token for a name and a password',
    );
  }
}

/** A known caller without the role that the route asks for. */
export class ForbiddenError extends AppError {
  readonly code = 'auth/forbidden';
  readonly kind = 'forbidden';

  constructor(neededRole: Role, { name, kind }: Actor) {
    super(`This needs the role ${neededRole}, and ${name} has the role ${kind}; ask an administrator`, {
      details: { neededRole, role: kind },
    });
  }
}

/** A page of another site made a browser send this, or nothing proves that it did not. */
export class CrossSiteError extends AppError {
  readonly code = 'auth/cross-site';
  readonly kind = 'forbidden';

  constructor(origin: string) {
    super(
      `A request with the session cookie must come from this server’s own pages, and this one comes from ${origin}; ` +
        'programs send "Authorization: Bearer <token>" instead of the cookie',
    );
  }
}

/** Too many wrong passwords or tokens. Says nothing about whether one of them was right. */
export class TooManyAttemptsError extends AppError {
  readonly code = 'auth/too-many-attempts';
  readonly kind = 'too-many';

  constructor(retryAfterSeconds: number) {
    super(`There were too many failed attempts; try again in ${retryAfterSeconds} s`, {
      details: { retryAfterSeconds },
    });
  }
}

/** Some routes say neither who may use them nor that everybody may: nobody is let near before that is mended. */
export class RouteWithoutPermissionError extends AppError {
  readonly code = 'auth/route-without-permission';
  readonly kind = 'internal';

  constructor(handlers: readonly string[]) {
    super(`These routes have neither @Permit(role) nor @Public(): ${handlers.join(', ')}`, { details: { handlers } });
  }
}
