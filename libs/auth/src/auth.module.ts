import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AdminGuard } from './admin.guard.js';
import { AdminTokenService } from './admin-token.service.js';

/** Denies by default: importing this module guards every route of the application. */
@Global()
@Module({
  providers: [AdminTokenService, AdminGuard, { provide: APP_GUARD, useExisting: AdminGuard }],
  exports: [AdminGuard, AdminTokenService],
})
export class AuthModule {}
