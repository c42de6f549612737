import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Accounts, their sessions, keys of programs, the token of the first administrator and failed log-ins. Administrator
 * tokens from before go on as keys; going back keeps those that were revoked meanwhile revoked, and forgets the rest.
 *
 * Takes ACCESS SHARE on admin_tokens for a moment; going back, ROW EXCLUSIVE.
 */
export class CreateAccounts1764300000000 implements MigrationInterface {
  name = 'CreateAccounts1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table accounts (
     id bigint generated always as identity,
     name text not null,
     name_key text not null,
     role text not null,
     password_hash text not null,
     active boolean not null default true,
     created_at timestamptz not null,
     created_by text not null,
     password_changed_at timestamptz not null,
     last_login_at timestamptz,
     constraint accounts_pkey primary key (id),
     constraint accounts_role check (role in ('viewer', 'operator', 'administrator'))
   )`,
  `create unique index accounts_name on accounts (name_key)`,

  `create table account_sessions (
     id bigint generated always as identity,
     account_id bigint not null,
     token_hash text not null,
     created_at timestamptz not null,
     last_used_at timestamptz not null,
     expires_at timestamptz not null,
     constraint account_sessions_pkey primary key (id),
     constraint account_sessions_account_fkey foreign key (account_id) references accounts (id) on delete cascade
   )`,
  `create unique index account_sessions_token on account_sessions (token_hash)`,
  `create index account_sessions_account on account_sessions (account_id)`,

  `create table api_keys (
     id bigint generated always as identity,
     prefix text,
     token_hash text not null,
     name text not null,
     role text not null,
     created_at timestamptz not null,
     created_by text not null,
     expires_at timestamptz,
     last_used_at timestamptz,
     revoked_at timestamptz,
     constraint api_keys_pkey primary key (id),
     constraint api_keys_role check (role in ('viewer', 'operator', 'administrator'))
   )`,
  `create unique index api_keys_token on api_keys (token_hash)`,
  `create unique index api_keys_prefix on api_keys (prefix)`,
  `insert into api_keys (token_hash, name, role, created_at, created_by)
     select token_hash, 'token from before accounts', 'administrator', created_at, 'system'
       from admin_tokens where revoked_at is null order by id`,

  `create table setup_tokens (
     id bigint generated always as identity,
     token_hash text not null,
     expires_at timestamptz not null,
     constraint setup_tokens_pkey primary key (id)
   )`,

  `create table login_failures (
     id bigint generated always as identity,
     account_key text not null,
     address text not null,
     failed_at timestamptz not null,
     constraint login_failures_pkey primary key (id)
   )`,
  `create index login_failures_account on login_failures (account_key, failed_at)`,
  `create index login_failures_address on login_failures (address, failed_at)`,
];

const DOWN = [
  `drop table login_failures`,
  `drop table setup_tokens`,
  `update admin_tokens set revoked_at = api_keys.revoked_at from api_keys
    where api_keys.token_hash = admin_tokens.token_hash and admin_tokens.revoked_at is null`,
  `drop table api_keys`,
  `drop table account_sessions`,
  `drop table accounts`,
];
