export { AuthModule } from './auth.module.js';
export { AccessGuard } from './access.guard.js';
export { BearerGuesses } from './bearer-guesses.js';
export { Authenticator, type Caller, type Credential, type Denial, DenialLog } from './caller.js';
export { CallerIdentity, credentialOf } from './caller-identity.js';
export { type AuthenticatedRequest, CurrentActor, CurrentCaller } from './current-caller.js';
export { Permit, type Permission, PERMITTED_ROLE, permissionOf } from './permit.js';
export { requireSameOrigin } from './same-origin.js';
export { type RoutePermission, RoutePermissions } from './route-permissions.js';
export { SESSION_COOKIE, sessionCookieOf, sessionCookieOptions } from './session-cookie.js';
export {
  CrossSiteError,
  ForbiddenError,
  RouteWithoutPermissionError,
  TooManyAttemptsError,
  UnauthenticatedError,
} from './auth.errors.js';
