import { type Authenticator, type Caller, type Credential } from '@app/auth';
import { AppConfig } from '@app/config';
import { Injectable } from '@nestjs/common';
import { ApiKeysService } from './api-keys.service.js';
import { sameSecret } from './secret-token.js';
import { SessionsService } from './sessions.service.js';

/** What `ADMIN_TOKEN` lets in. */
const ADMIN_TOKEN_CALLER: Caller = Object.freeze<Caller>({
  actor: { kind: 'administrator', name: 'admin-token' },
  by: 'admin-token',
  name: 'ADMIN_TOKEN',
  expiresAt: null,
});

/** Believes sessions, API keys, and `ADMIN_TOKEN` where it is set. */
@Injectable()
export class TokenAuthenticator implements Authenticator {
  constructor(
    private readonly config: AppConfig,
    private readonly sessions: SessionsService,
    private readonly keys: ApiKeysService,
  ) {}

  async authenticate(credential: Credential): Promise<Caller | undefined> {
    return this.believe(credential, await this.sessions.find(credential.secret));
  }

  async recognize(credential: Credential): Promise<Caller | undefined> {
    return this.believe(credential, await this.sessions.recognize(credential.secret));
  }

  private async believe({ kind, secret }: Credential, session: Caller | undefined): Promise<Caller | undefined> {
    if (session || kind === 'cookie') return session;
    const { adminToken } = this.config;
    if (adminToken && sameSecret(secret, adminToken)) return ADMIN_TOKEN_CALLER;
    return this.keys.find(secret);
  }
}
