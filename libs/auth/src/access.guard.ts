import { callerAddress } from '@app/http';
import { includesRole, type Role } from '@app/kernel';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { CrossSiteError, ForbiddenError, RouteWithoutPermissionError, UnauthenticatedError } from './auth.errors.js';
import { type Caller, type Credential, DenialLog } from './caller.js';
import { CallerIdentity, credentialOf } from './caller-identity.js';
import { type AuthenticatedRequest } from './current-caller.js';
import { permissionOf } from './permit.js';
import { isStateChanging, requireSameOrigin } from './same-origin.js';

/**
 * Stands before every route and denies by default: a caller needs a valid credential, the role that the route asks for
 * and, with a cookie, a page of ours to send from. Only what is marked `@Public()` is for everybody.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly identity: CallerIdentity,
    private readonly denials: DenialLog,
  ) {}

  /**
   * @throws {UnauthenticatedError} no credential, or none that is valid
   * @throws {TooManyAttemptsError} too many that were not valid came from the same address
   * @throws {CrossSiteError} the page of another site may have sent it
   * @throws {ForbiddenError} the caller has a lesser role
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const permission = permissionOf(context.getHandler(), context.getClass());
    if (permission === 'public') return true;
    if (permission === undefined)
      throw new RouteWithoutPermissionError([`${context.getClass().name}.${context.getHandler().name}`]);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const credential = credentialOf(request);
    const caller = credential && (await this.identity.identify(credential, request));
    if (!caller) throw new UnauthenticatedError();
    try {
      requireAllowed(permission, caller, credential, request);
    } catch (error) {
      if (error instanceof ForbiddenError || error instanceof CrossSiteError)
        await this.denials.record(denialOf(caller, error.code, request));
      throw error;
    }
    request.caller = caller;
    return true;
  }
}

function requireAllowed(needed: Role, { actor }: Caller, credential: Credential, request: Request): void {
  if (credential.kind === 'cookie' && isStateChanging(request)) requireSameOrigin(request);
  if (!includesRole(actor.kind, needed)) throw new ForbiddenError(needed, actor);
}

function denialOf(caller: Caller, code: string, request: Request): Parameters<DenialLog['record']>[0] {
  const { path } = request.route as { path: string };
  return { caller, code, method: request.method, path, address: callerAddress(request) };
}
