import type { Actor } from '@app/kernel';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** A request that passed the guard knows who sent it. */
export interface AuthenticatedRequest extends Request {
  actor?: Actor;
}

/** The authenticated caller, as a parameter of a controller method. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!actor) throw new Error('CurrentActor was used on a route without AdminGuard');
  return actor;
});
