import type { Actor } from '@app/kernel';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { type Caller } from './caller.js';

/** A request that passed the guard knows who sent it. */
export interface AuthenticatedRequest extends Request {
  caller?: Caller;
}

/** Who sent the request and with what, as a parameter of a controller method. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => callerOf(context));

/** Who the audit log is to name, as a parameter of a controller method. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor => callerOf(context).actor,
);

function callerOf(context: ExecutionContext): Caller {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!caller) throw new Error('The caller was asked for on a public route');
  return caller;
}
