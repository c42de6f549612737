import { type AuditOperation, DeviceUserAuditService } from '@app/audit';
import { type Caller } from '@app/auth';
import { sqlState, SqlState, type Tx } from '@app/database';
import { type Actor, Clock, type Role } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { ACCOUNT_NAME, nameKeyOf, tidyName } from './account-name.js';
import { Account } from './accounts.entities.js';
import {
  AccountNameTakenError,
  AccountNotFoundError,
  BadAccountNameError,
  LastAdministratorError,
  NoSessionError,
  WrongPasswordError,
} from './accounts.errors.js';
import { LoginAttempts } from './login-attempts.js';
import { LoginService } from './login.service.js';
import { PasswordHasher } from './password-hasher.js';
import { requireGoodPassword } from './password-rules.js';
import { type SessionEnd, SessionsService } from './sessions.service.js';

/** What an account begins with. */
export interface NewAccount {
  readonly name: string;
  readonly role: Role;
  readonly password: string;
}

/** What of an account can be changed; what is undefined stays. */
export interface AccountChange {
  readonly role?: Role;
  readonly active?: boolean;
}

/** The people who may sign in. One administrator is always left. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly hasher: PasswordHasher,
    private readonly logins: LoginService,
    private readonly attempts: LoginAttempts,
    private readonly sessions: SessionsService,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** Every account, oldest first. */
  async list(): Promise<Account[]> {
    return this.accounts.find({ order: { id: 'ASC' } });
  }

  /** The account of this name, in any case. @throws {AccountNotFoundError} */
  async getByName(name: string): Promise<Account> {
    const account = await this.accounts.findOne({ where: { nameKey: nameKeyOf(name) } });
    if (!account) throw new AccountNotFoundError(name);
    return account;
  }

  /**
   * Makes an account.
   * @throws {BadAccountNameError} @throws {WeakPasswordError} @throws {AccountNameTakenError} @throws {HasherBusyError}
   */
  async create(wanted: NewAccount, actor: Actor): Promise<Account> {
    const passwordHash = await this.hashGood(wanted.password, wanted.name);
    return this.dataSource.transaction((tx) => this.insert(tx, { ...wanted, passwordHash }, actor));
  }

  /** Hashes the password of an account to be. @throws {BadAccountNameError} @throws {WeakPasswordError} */
  async hashGood(password: string, accountName: string): Promise<string> {
    if (!ACCOUNT_NAME.test(tidyName(accountName))) throw new BadAccountNameError();
    requireGoodPassword(password, accountName);
    return this.hasher.hash(password);
  }

  /** Makes an account in the caller's transaction. @throws {AccountNameTakenError} */
  async insert(
    tx: Tx,
    wanted: { readonly name: string; readonly role: Role; readonly passwordHash: string },
    actor: Actor,
  ): Promise<Account> {
    const name = tidyName(wanted.name);
    const now = this.clock.now();
    const { role, passwordHash } = wanted;
    const facts = { name, nameKey: nameKeyOf(name), role, passwordHash, createdBy: actor.name };
    // First, so that everybody who makes an administrator takes the same locks in the same order.
    if (role === 'administrator') await tx.query('delete from setup_tokens');
    const row = { ...facts, createdAt: now, passwordChangedAt: now };
    const { identifiers } = await tx.insert(Account, row).catch((error: unknown) => {
      throw sqlState(error) === SqlState.UNIQUE_VIOLATION ? new AccountNameTakenError(name) : error;
    });
    const account = await tx.findOneByOrFail(Account, { id: String(identifiers[0].id) });
    await this.record(tx, 'account_created', account, actor, { role });
    return account;
  }

  /**
   * Changes what an account may; what it had open with its old role ends.
   * @throws {AccountNotFoundError} @throws {LastAdministratorError}
   */
  async change(id: string, change: AccountChange, actor: Actor): Promise<Account> {
    return this.dataSource.transaction(async (tx) => {
      const administrators = await lockAdministrators(tx);
      const account = await lockAccount(tx, id);
      const { role = account.role, active = account.active } = change;
      if (role === account.role && active === account.active) return account;
      const stays = active && role === 'administrator';
      if (!stays && administrators.length === 1 && administrators[0] === id)
        throw new LastAdministratorError(account.name);
      await tx.update(Account, { id }, { role, active });
      await this.record(tx, 'account_changed', account, actor, { role, active });
      await this.sessions.endAll(tx, account, endOf(account, active), actor);
      return tx.findOneByOrFail(Account, { id });
    });
  }

  /**
   * An administrator sets another password; the account's sessions end, and its failed log-ins are forgotten.
   * @throws {AccountNotFoundError} @throws {WeakPasswordError} @throws {HasherBusyError}
   */
  async resetPassword(id: string, password: string, actor: Actor): Promise<void> {
    const account = await this.accounts.findOne({ where: { id } });
    if (!account) throw new AccountNotFoundError(id);
    const passwordHash = await this.hashGood(password, account.name);
    await this.dataSource.transaction(async (tx) =>
      this.setPassword(tx, await lockAccount(tx, id), passwordHash, actor),
    );
  }

  /**
   * Somebody changes their own password, which ends all their sessions. Wrong guesses count like failed log-ins.
   * @throws {NoSessionError} the caller uses a key
   * @throws {WrongPasswordError} the current password is another
   * @throws {TooManyAttemptsError} @throws {WeakPasswordError} @throws {HasherBusyError}
   */
  async changeOwnPassword(caller: Caller, current: string, wanted: string, address: string): Promise<void> {
    if (!caller.session) throw new NoSessionError();
    requireGoodPassword(wanted, caller.name);
    const account = await this.logins.prove(caller.name, current, address);
    if (account?.id !== caller.session.accountId) throw new WrongPasswordError();
    const passwordHash = await this.hashGood(wanted, account.name);
    await this.dataSource.transaction(async (tx) => {
      const current = await lockAccount(tx, account.id);
      // An administrator may have set another one meanwhile, perhaps because this one was stolen.
      if (!current.active || current.passwordHash !== account.passwordHash) throw new WrongPasswordError();
      await this.setPassword(tx, current, passwordHash, caller.actor);
    });
  }

  private async setPassword(tx: Tx, account: Account, passwordHash: string, actor: Actor): Promise<void> {
    await tx.update(Account, { id: account.id }, { passwordHash, passwordChangedAt: this.clock.now() });
    await this.record(tx, 'password_changed', account, actor);
    await this.attempts.clear(tx, account.name);
    await this.sessions.endAll(tx, account, 'password changed', actor);
  }

  private async record(
    tx: Tx,
    operation: AuditOperation,
    { name }: Account,
    performedBy: Actor,
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const details = { account: name, ...facts };
    await this.audit.logOperation(tx, { operation, performedBy, serviceName: 'accounts', details });
  }
}

/** The ids of the active administrators, who stay so until the transaction ends: two of them cannot leave at once. */
async function lockAdministrators(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ id: string }[]>(
    `select id from accounts where role = 'administrator' and active order by id for update`,
  );
  return rows.map(({ id }) => id);
}

async function lockAccount(tx: Tx, id: string): Promise<Account> {
  const account = await tx.findOne(Account, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!account) throw new AccountNotFoundError(id);
  return account;
}

function endOf(before: Account, active: boolean): SessionEnd {
  return before.active && !active ? 'deactivated' : 'role changed';
}
