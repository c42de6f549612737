import { ClockModule } from '@app/config';
import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { BearerGuesses } from './bearer-guesses.js';
import { CallerIdentity } from './caller-identity.js';
import { RoutePermissions } from './route-permissions.js';

/**
 * Denies by default: importing this module guards every route of the application, and lets it start only when each says
 * who may use it. `Authenticator` and `DenialLog` must be bound by a global module.
 */
@Global()
@Module({
  imports: [ClockModule, DiscoveryModule],
  providers: [
    BearerGuesses,
    CallerIdentity,
    RoutePermissions,
    AccessGuard,
    { provide: APP_GUARD, useExisting: AccessGuard },
  ],
  exports: [BearerGuesses, CallerIdentity, RoutePermissions],
})
export class AuthModule {}
