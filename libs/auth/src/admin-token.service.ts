import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppConfig } from '@app/config';
import { type Actor, administrator } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Where the administrator's token comes from; `generated` carries it, the only time that it can be shown. */
export type TokenOrigin =
  | { readonly kind: 'configured' }
  | { readonly kind: 'stored' }
  | { readonly kind: 'generated'; readonly token: string };

/**
 * The administrator token: `ADMIN_TOKEN` where it is set, else one of 256 random bits that is generated at the first
 * start and of which the database holds only the SHA-256. (So much randomness needs no slow hash.)
 */
@Injectable()
export class AdminTokenService {
  constructor(
    private readonly config: AppConfig,
    private readonly dataSource: DataSource,
  ) {}

  /** Makes sure that there is a token. Two servers starting at once generate one, not two. */
  async ensureToken(): Promise<TokenOrigin> {
    if (this.config.adminToken) return { kind: 'configured' };
    return this.dataSource.transaction(async (tx) => {
      await tx.query('lock table admin_tokens in share row exclusive mode');
      const rows: unknown[] = await tx.query('select 1 from admin_tokens where revoked_at is null limit 1');
      if (rows.length > 0) return { kind: 'stored' };
      const token = newToken();
      await tx.query('insert into admin_tokens (token_hash) values ($1)', [hashOf(token)]);
      return { kind: 'generated', token };
    });
  }

  /** Revokes every stored token and gives a new one: the way out when it was lost. */
  async replaceToken(): Promise<string> {
    const token = newToken();
    await this.dataSource.transaction(async (tx) => {
      await tx.query('update admin_tokens set revoked_at = clock_timestamp() where revoked_at is null');
      await tx.query('insert into admin_tokens (token_hash) values ($1)', [hashOf(token)]);
    });
    return token;
  }

  /** Who the token belongs to; undefined when it is not valid. */
  async authenticate(token: string): Promise<Actor | undefined> {
    if (this.config.adminToken)
      return sameSecret(token, this.config.adminToken) ? administrator('admin-token') : undefined;
    const rows: unknown[] = await this.dataSource.query(
      'select 1 from admin_tokens where token_hash = $1 and revoked_at is null',
      [hashOf(token)],
    );
    return rows.length > 0 ? administrator('admin-token') : undefined;
  }
}

function newToken(): string {
  return `hf_${randomBytes(32).toString('base64url')}`;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares digests, so that neither the time nor the length tells how much of a guess was right. */
function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));
}
