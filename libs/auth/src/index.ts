export { AdminGuard } from './admin.guard.js';
export { AdminTokenService, type TokenOrigin } from './admin-token.service.js';
export { AuthModule } from './auth.module.js';
export { type AuthenticatedRequest, CurrentActor } from './current-actor.js';
export { Permit, PERMITTED_ROLE } from './permit.js';
export { UnauthenticatedError } from './auth.errors.js';
