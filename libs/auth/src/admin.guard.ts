import { PUBLIC_ROUTE } from '@app/http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AdminTokenService } from './admin-token.service.js';
import { UnauthenticatedError } from './auth.errors.js';
import { type AuthenticatedRequest } from './current-actor.js';

/** Lets administrators in and nobody else; AuthModule puts it before every route that is not marked `@Public()`. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AdminTokenService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC_ROUTE, [context.getHandler(), context.getClass()]))
      return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (request.actor) return true;
    request.actor = await this.authenticate(request.header('authorization'));
    return true;
  }

  /** @throws {UnauthenticatedError} for anything but `Bearer <a valid token>` */
  async authenticate(authorization: string | undefined): Promise<NonNullable<AuthenticatedRequest['actor']>> {
    const token = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
    const actor = token === undefined ? undefined : await this.tokens.authenticate(token);
    if (!actor) throw new UnauthenticatedError();
    return actor;
  }
}
