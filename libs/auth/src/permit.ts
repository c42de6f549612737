import { type Role } from '@app/kernel';
import { SetMetadata } from '@nestjs/common';

/** Metadata key: the role that a route asks for. */
export const PERMITTED_ROLE = 'holdfast:permitted-role';

/**
 * States who may use a route: callers of this role, or of one that includes it. Every route states this or that it is
 * `@Public()`; on a method it overrides what its controller says.
 */
export const Permit = (role: Role): MethodDecorator & ClassDecorator => SetMetadata(PERMITTED_ROLE, role);
