import { AppConfig } from '@app/config';
import { type Tx } from '@app/database';
import { Clock, systemActor } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SetupToken } from './accounts.entities.js';
import { SetupTokenError } from './accounts.errors.js';
import { AccountsService, type NewAccount } from './accounts.service.js';
import { readPasswordFile } from './password-file.js';
import { hashOf, newSecret } from './secret-token.js';
import { type OpenedSession, SessionsService } from './sessions.service.js';

const VALID_MS = 24 * 3_600_000;
const NAME_OF_FIRST = 'admin';

/** How an administrator gets in; `setup` carries the token, the only time that it can be shown. */
export type FirstAccess =
  | { readonly kind: 'accounts' | 'keys' | 'admin-token' }
  | { readonly kind: 'created'; readonly name: string }
  | { readonly kind: 'setup'; readonly token: string; readonly expiresAt: Date };

/** Lets the first administrator in, whom nobody can have made, and nobody after that. */
@Injectable()
export class FirstAdministrator {
  constructor(
    private readonly config: AppConfig,
    private readonly dataSource: DataSource,
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
  ) {}

  /**
   * At each start: makes the account of `ADMIN_PASSWORD_FILE`, or a set-up token in the place of the one before, where
   * there is no administrator.
   * @throws {PasswordFileError} @throws {WeakPasswordError} the file, or what is in it, is no good
   * @throws {AccountNameTakenError} "admin" is there and no administrator
   */
  async prepare(): Promise<FirstAccess> {
    const { adminPasswordFile: file } = this.config;
    if (file !== undefined && !(await hasAdministrator(this.dataSource.manager))) {
      const passwordHash = await this.accounts.hashGood(await readPasswordFile(file), NAME_OF_FIRST);
      const created = await this.createFromFile(passwordHash);
      if (created) return { kind: 'created', name: NAME_OF_FIRST };
    }
    return this.dataSource.transaction(async (tx) => {
      await lockSetup(tx);
      await tx.query('delete from setup_tokens');
      const access = await this.existingAccess(tx);
      if (access) return { kind: access };
      const token = `setup_${newSecret()}`;
      const expiresAt = new Date(this.clock.now().getTime() + VALID_MS);
      await tx.insert(SetupToken, { tokenHash: hashOf(token), expiresAt });
      return { kind: 'setup', token, expiresAt };
    });
  }

  /**
   * Whoever has the set-up token becomes the first administrator, and is signed in. It works once.
   * @throws {SetupTokenError} the token is not valid
   * @throws {BadAccountNameError} @throws {WeakPasswordError} @throws {AccountNameTakenError}
   */
  async setUp(token: string, wanted: Omit<NewAccount, 'role'>): Promise<OpenedSession> {
    // Looked at first, so that who has no token cannot make us hash.
    if (!(await this.isValid(this.dataSource.manager, token))) throw new SetupTokenError();
    const passwordHash = await this.accounts.hashGood(wanted.password, wanted.name);
    return this.dataSource.transaction(async (tx) => {
      await lockSetup(tx);
      if (!(await this.isValid(tx, token))) throw new SetupTokenError();
      const first = { name: wanted.name, role: 'administrator', passwordHash } as const;
      const account = await this.accounts.insert(tx, first, systemActor); // burns the token too
      return this.sessions.open(tx, account);
    });
  }

  /** Two servers that start at once make one account. */
  private async createFromFile(passwordHash: string): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      await lockSetup(tx);
      if (await hasAdministrator(tx)) return false;
      await this.accounts.insert(tx, { name: NAME_OF_FIRST, role: 'administrator', passwordHash }, systemActor);
      return true;
    });
  }

  private async existingAccess(tx: Tx): Promise<'accounts' | 'keys' | 'admin-token' | undefined> {
    if (await hasAdministrator(tx)) return 'accounts';
    if (this.config.adminToken) return 'admin-token';
    const rows: unknown[] = await tx.query(
      `select 1 from api_keys where role = 'administrator' and revoked_at is null
          and (expires_at is null or expires_at > $1) limit 1`,
      [this.clock.now()],
    );
    return rows.length > 0 ? 'keys' : undefined;
  }

  private async isValid(tx: Tx, token: string): Promise<boolean> {
    const rows: unknown[] = await tx.query('select 1 from setup_tokens where token_hash = $1 and expires_at > $2', [
      hashOf(token),
      this.clock.now(),
    ]);
    return rows.length > 0;
  }
}

async function lockSetup(tx: Tx): Promise<void> {
  await tx.query('lock table setup_tokens in share row exclusive mode');
}

async function hasAdministrator(tx: Tx): Promise<boolean> {
  const rows: unknown[] = await tx.query(`select 1 from accounts where role = 'administrator' and active limit 1`);
  return rows.length > 0;
}
