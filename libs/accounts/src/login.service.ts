import { DeviceUserAuditService } from '@app/audit';
import { systemActor } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { nameKeyOf } from './account-name.js';
import { Account } from './accounts.entities.js';
import { LoginFailedError } from './accounts.errors.js';
import { LoginAttempts } from './login-attempts.js';
import { PasswordHasher } from './password-hasher.js';
import { actorNameOf, type OpenedSession, SessionsService } from './sessions.service.js';

/** How much of a name that was given goes into the audit log. */
const LONGEST_TOLD_NAME = 100;

/** Checks a name and a password, and begins a session. */
@Injectable()
export class LoginService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly attempts: LoginAttempts,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Signs somebody in. An unknown name takes the same way as a wrong password, and as long.
   * @throws {LoginFailedError} for whatever reason
   * @throws {TooManyAttemptsError} there were too many failures of this name or this address
   * @throws {HasherBusyError} too many passwords wait to be checked
   */
  async login(name: string, password: string, address: string): Promise<OpenedSession> {
    const account = await this.prove(name, password, address);
    if (!account) throw new LoginFailedError();
    return this.dataSource.transaction(async (tx) => {
      const current = await tx.findOne(Account, { where: { id: account.id }, lock: { mode: 'pessimistic_write' } });
      // Between the check and now, an administrator may have set another password or put the account to rest.
      if (!current?.active || current.passwordHash !== account.passwordHash) throw new LoginFailedError();
      await this.attempts.clear(tx, name);
      await this.audit.logOperation(tx, {
        operation: 'login_succeeded',
        performedBy: { kind: current.role, name: actorNameOf(current.name) },
        serviceName: 'accounts',
        details: { account: current.name, address },
      });
      return this.sessions.open(tx, current);
    });
  }

  /**
   * The active account of this name, when this is its password. A failure is counted and audited; what a success clears
   * is for the caller to clear.
   * @throws {TooManyAttemptsError} @throws {HasherBusyError}
   */
  async prove(name: string, password: string, address: string): Promise<Account | undefined> {
    await this.attempts.begin(name, address);
    const account = await this.accounts.findOne({ where: { nameKey: nameKeyOf(name) } });
    const matches = await this.hasher.matches(password, account?.passwordHash);
    if (account?.active && matches) return account;
    await this.dataSource.transaction((tx) =>
      this.audit.logOperation(tx, {
        operation: 'login_failed',
        performedBy: systemActor,
        serviceName: 'accounts',
        details: { account: name.slice(0, LONGEST_TOLD_NAME).toWellFormed(), address },
      }),
    );
    return undefined;
  }
}
