import { AuditModule } from '@app/audit';
import { Authenticator, AuthModule, DenialLog } from '@app/auth';
import { ClockModule } from '@app/config';
import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ACCOUNT_ENTITIES } from './accounts.entities.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuditedDenials } from './audited-denials.js';
import { FirstAdministrator } from './first-administrator.js';
import { LoginAttempts } from './login-attempts.js';
import { LoginService } from './login.service.js';
import { PasswordHasher } from './password-hasher.js';
import { SessionController } from './session.controller.js';
import { SessionsService } from './sessions.service.js';
import { SetupController } from './setup.controller.js';
import { TokenAuthenticator } from './token-authenticator.js';

/** Who may do something: people with accounts, programs with keys. Global, since the guard before every route asks it. */
@Global()
@Module({
  imports: [AuthModule, AuditModule, ClockModule, TypeOrmModule.forFeature(ACCOUNT_ENTITIES)],
  controllers: [AccountsController, ApiKeysController, SessionController, SetupController],
  providers: [
    AccountsService,
    ApiKeysService,
    FirstAdministrator,
    LoginAttempts,
    LoginService,
    PasswordHasher,
    SessionsService,
    { provide: Authenticator, useClass: TokenAuthenticator },
    { provide: DenialLog, useClass: AuditedDenials },
  ],
  exports: [AccountsService, ApiKeysService, FirstAdministrator, LoginService, Authenticator, DenialLog],
})
export class AccountsModule {}
