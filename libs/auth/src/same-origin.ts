import type { Request } from 'express';
import { CrossSiteError } from './auth.errors.js';

const HARMLESS_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request could change something. */
export function isStateChanging({ method }: Request): boolean {
  return !HARMLESS_METHODS.has(method);
}

/**
 * Believes that a browser sent a request from a page of this server: it says so in `Sec-Fetch-Site`, or, older ones, in
 * `Origin`. Pages can forge neither.
 * @throws {CrossSiteError} it says otherwise, or nothing
 */
export function requireSameOrigin(request: Request): void {
  const site = request.header('sec-fetch-site');
  const origin = request.header('origin');
  if (site !== undefined) {
    if (site !== 'same-origin') throw new CrossSiteError(site === 'none' ? 'outside of any page' : `a ${site} page`);
    return;
  }
  if (origin === undefined) throw new CrossSiteError('an unknown place (neither Sec-Fetch-Site nor Origin is sent)');
  if (hostOf(origin) !== request.host?.toLowerCase()) throw new CrossSiteError(origin.slice(0, 100));
}

/** With its port, where it is not the standard one: as the `Host` header has it. */
function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined; // "null", of a sandboxed page
  }
}
