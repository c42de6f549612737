import { ProblemDocument, PUBLIC_ROUTE } from '@app/http';
import { type Role } from '@app/kernel';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiForbiddenResponse, ApiTooManyRequestsResponse } from '@nestjs/swagger';

/** Metadata key: the role that a route asks for. */
export const PERMITTED_ROLE = 'holdfast:permitted-role';

const tooMany = ApiTooManyRequestsResponse({
  type: ProblemDocument,
  description: 'http/too-many-requests, auth/too-many-attempts',
});
const forbidden = ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden, auth/cross-site' });

/**
 * States who may use a route: callers of this role, or of one that includes it. Every route states this or that it is
 * `@Public()`; on a method it overrides what its controller says. Describes the answers of the guard to Swagger too.
 */
export const Permit = (role: Role): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PERMITTED_ROLE, role), tooMany, ...(role === 'viewer' ? [] : [forbidden]));

/** What a route states: the role it asks for, or that everybody may. */
export type Permission = Role | 'public';

/**
 * What a method of a controller states: its own word first, then its controller's; a role before `@Public()`.
 * Undefined: neither says anything.
 */
export function permissionOf(handler: object, controller: object): Permission | undefined {
  for (const target of [handler, controller]) {
    const role = Reflect.getMetadata(PERMITTED_ROLE, target) as Role | undefined;
    if (role) return role;
    if (Reflect.getMetadata(PUBLIC_ROUTE, target)) return 'public';
  }
  return undefined;
}
