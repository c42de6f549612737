import type { Role } from '@app/kernel';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';

const ROLE = `role in ('viewer', 'operator', 'administrator')`;

/** A person who may sign in. Never deleted: the audit log names them for ever. */
@Entity('accounts')
@Index('accounts_name', ['nameKey'], { unique: true })
@Check('accounts_role', ROLE)
export class Account {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  /** As it was given. */
  @Column('text') name: string;
  /** The name as it is looked up: of any case. */
  @Column('text', { name: 'name_key' }) nameKey: string;
  @Column('text') role: Role;
  /** Argon2id, as a PHC string. */
  @Column('text', { name: 'password_hash' }) passwordHash: string;
  @Column('boolean', { default: true }) active: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'password_changed_at' }) passwordChangedAt: Date;
  @Column('timestamptz', { name: 'last_login_at', nullable: true }) lastLoginAt: Date | null;
}

/** Somebody has signed in. The row goes when the session ends. */
@Entity('account_sessions')
@Index('account_sessions_token', ['tokenHash'], { unique: true })
@Index('account_sessions_account', ['accountId'])
export class AccountSession {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'account_sessions_account_fkey' })
  readonly account?: Account;
  @Column('bigint', { name: 'account_id' }) accountId: string;
  /** SHA-256 of the token, hexadecimal; the token itself is nowhere. */
  @Column('text', { name: 'token_hash' }) tokenHash: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at' }) lastUsedAt: Date;
  /** When it ends however much it is used. */
  @Column('timestamptz', { name: 'expires_at' }) expiresAt: Date;
}

/** A key of a program. */
@Entity('api_keys')
@Index('api_keys_token', ['tokenHash'], { unique: true })
@Index('api_keys_prefix', ['prefix'], { unique: true })
@Check('api_keys_role', ROLE)
export class ApiKey {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  /** What may be shown of the key; null: it is from before accounts. */
  @Column('text', { nullable: true }) prefix: string | null;
  /** SHA-256 of the whole key, hexadecimal; the key itself is nowhere. */
  @Column('text', { name: 'token_hash' }) tokenHash: string;
  @Column('text') name: string;
  @Column('text') role: Role;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt: Date | null;
  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}

/** Makes the first administrator, once. */
@Entity('setup_tokens')
export class SetupToken {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('text', { name: 'token_hash' }) tokenHash: string;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt: Date;
}

/** A password that is being tried, or was wrong. Rows go after a quarter of an hour, or when it was right. */
@Entity('login_failures')
@Index('login_failures_account', ['accountKey', 'failedAt'])
@Index('login_failures_address', ['address', 'failedAt'])
export class LoginFailure {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  /** SHA-256 of the name: people type passwords in the field for names. */
  @Column('text', { name: 'account_key' }) accountKey: string;
  /** An IPv4 address, or the /64 of an IPv6 address. */
  @Column('text') address: string;
  @Column('timestamptz', { name: 'failed_at' }) failedAt: Date;
}

export const ACCOUNT_ENTITIES = [Account, AccountSession, ApiKey, SetupToken, LoginFailure];
