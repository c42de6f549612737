import { DeviceUserAuditService } from '@app/audit';
import { type Caller } from '@app/auth';
import { AppConfig } from '@app/config';
import { type Tx } from '@app/database';
import { type Actor, Clock, type Role } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Account, AccountSession } from './accounts.entities.js';
import { hashOf, newSecret } from './secret-token.js';

const TOKEN_PREFIX = 'hs_';
/** How exactly the last use is known. */
const TOUCH_EVERY_MS = 60_000;
/** Sessions past their end that one log-in sweeps. */
const SWEEP = 100;

/** A session that has just begun; the only time that its token can be shown. */
export interface OpenedSession {
  readonly token: string;
  readonly account: Account;
  readonly expiresAt: Date;
}

/** Why the sessions of an account end, besides time. */
export type SessionEnd = 'logged out' | 'password changed' | 'role changed' | 'deactivated';

interface SessionRow {
  readonly id: string;
  readonly account_id: string;
  readonly last_used_at: Date;
  readonly expires_at: Date;
  readonly name: string;
  readonly role: Role;
}

/** Who has signed in. A token is 256 random bits, of which only the SHA-256 is stored. */
@Injectable()
export class SessionsService {
  private readonly idleMs: number;
  private readonly maxMs: number;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    this.idleMs = config.sessionIdleMinutes * 60_000;
    this.maxMs = config.sessionMaxHours * 3_600_000;
  }

  /** Begins a session, in the caller's transaction; the account's last log-in is now. */
  async open(tx: Tx, account: Account): Promise<OpenedSession> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + this.maxMs);
    await tx.query(
      `delete from account_sessions where id in
         (select id from account_sessions where expires_at <= $1 or last_used_at <= $2 limit ${SWEEP} for update skip locked)`,
      [now, this.idleSince(now)],
    );
    const token = `${TOKEN_PREFIX}${newSecret()}`;
    const row = { accountId: account.id, tokenHash: hashOf(token), createdAt: now, lastUsedAt: now, expiresAt };
    await tx.insert(AccountSession, row);
    await tx.update(Account, { id: account.id }, { lastLoginAt: now });
    return { token, account, expiresAt };
  }

  /** Whose session this is; undefined when it is none, has ended, or its account is not active. Notes the use. */
  async find(token: string): Promise<Caller | undefined> {
    const now = this.clock.now();
    const row = await this.load(token, now);
    if (row && now.getTime() - row.last_used_at.getTime() >= TOUCH_EVERY_MS) {
      const touch = 'update account_sessions set last_used_at = greatest(last_used_at, $2) where id = $1';
      await this.dataSource.query(touch, [row.id, now]);
    }
    return row && callerOf(row);
  }

  /** As find, and does not count as a use. */
  async recognize(token: string): Promise<Caller | undefined> {
    const row = await this.load(token, this.clock.now());
    return row && callerOf(row);
  }

  /** Ends one session: its owner logs out. Safe to repeat. */
  async end(sessionId: string, account: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const { affected } = await tx.delete(AccountSession, { id: sessionId });
      if (affected) await this.recordEnd(tx, account, affected, 'logged out', actor);
    });
  }

  /** Ends every session of an account, in the caller's transaction. */
  async endAll(tx: Tx, account: Account, reason: SessionEnd, actor: Actor): Promise<void> {
    const { affected } = await tx.delete(AccountSession, { accountId: account.id });
    if (affected) await this.recordEnd(tx, account.name, affected, reason, actor);
  }

  private async load(token: string, now: Date): Promise<SessionRow | undefined> {
    if (!token.startsWith(TOKEN_PREFIX)) return undefined;
    const [row] = await this.dataSource.query<SessionRow[]>(
      `select s.id, s.account_id, s.last_used_at, s.expires_at, a.name, a.role
         from account_sessions s join accounts a on a.id = s.account_id
        where s.token_hash = $1 and s.expires_at > $2 and s.last_used_at > $3 and a.active`,
      [hashOf(token), now, this.idleSince(now)],
    );
    return row;
  }

  private async recordEnd(tx: Tx, account: string, sessions: number, reason: SessionEnd, actor: Actor): Promise<void> {
    await this.audit.logOperation(tx, {
      operation: 'session_ended',
      performedBy: actor,
      serviceName: 'accounts',
      details: { account, sessions, reason },
    });
  }

  private idleSince(now: Date): Date {
    return new Date(now.getTime() - this.idleMs);
  }
}

function callerOf(row: SessionRow): Caller {
  return {
    actor: { kind: row.role, name: actorNameOf(row.name) },
    by: 'session',
    name: row.name,
    expiresAt: row.expires_at,
    session: { id: row.id, accountId: row.account_id },
  };
}

/** How the audit log names somebody with an account. */
export function actorNameOf(accountName: string): string {
  return `account:${accountName}`;
}
