import type { CookieOptions, Request } from 'express';

/** The cookie that holds a session's token for a browser. */
export const SESSION_COOKIE = 'holdfast_session';

/**
 * How the cookie is set: out of reach of scripts and of other sites, and never over plain HTTP once it came over TLS.
 * The session ends on the server; that the browser forgets it then is a courtesy.
 */
export function sessionCookieOptions(request: Request, expiresAt?: Date): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/', expires: expiresAt };
}

/** The token in a request's cookie; undefined: there is none. */
export function sessionCookieOf(request: Request): string | undefined {
  for (const pair of (request.header('cookie') ?? '').split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== '') return value;
  }
  return undefined;
}
