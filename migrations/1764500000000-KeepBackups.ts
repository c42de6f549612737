import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The catalogue of backups, when the next ones are due, plans to bring users back with what became of each user, and
 * which terminals may be healed without being asked.
 *
 * New tables only; locks nothing that is in use.
 */
export class KeepBackups1764500000000 implements MigrationInterface {
  name = 'KeepBackups1764500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table device_backups (
     id bigint generated always as identity,
     device_id bigint not null,
     filename text not null,
     taken_at timestamptz not null,
     trigger text not null,
     requested_by text not null,
     protocol text not null,
     serial_number text not null,
     user_count integer not null,
     credential_count integer not null,
     user_ids text[] not null,
     encrypted boolean not null,
     lacking text[] not null default '{}',
     size_bytes bigint not null,
     digest text not null,
     state text not null default 'valid',
     state_reason text,
     checked_at timestamptz not null,
     drilled_at timestamptz,
     drill_result text,
     drill_reason text,
     drill_ms integer,
     duration_ms integer not null,
     constraint device_backups_pkey primary key (id),
     constraint device_backups_trigger check (trigger in ('schedule', 'request', 'before_deletion', 'before_restore')),
     constraint device_backups_state check (state in ('valid', 'invalid', 'missing', 'removed')),
     constraint device_backups_drill check (drill_result in ('good', 'failed') and (drill_result is null) = (drilled_at is null)),
     constraint device_backups_count check (user_count = cardinality(user_ids))
   )`,
  'create unique index device_backups_filename on device_backups (filename)',
  'create index device_backups_device on device_backups (device_id, taken_at)',

  `create table backup_agenda (
     device_id bigint not null,
     next_due_at timestamptz not null,
     last_started_at timestamptz,
     last_success_at timestamptz,
     failures integer not null default 0,
     last_failure_at timestamptz,
     last_failure_code text,
     last_failure_reason text,
     constraint backup_agenda_pkey primary key (device_id)
   )`,
  'create index backup_agenda_due on backup_agenda (next_due_at)',

  `create table restores (
     id bigint generated always as identity,
     device_id bigint not null,
     origin text not null,
     incident_id bigint,
     state text not null default 'planned',
     state_hash text not null,
     requested_by text not null,
     requested_role text not null,
     reason text,
     confirm_tripped boolean not null default false,
     safety_backup_id bigint,
     refusal text,
     created_at timestamptz not null,
     started_at timestamptz,
     progressed_at timestamptz,
     finished_at timestamptz,
     constraint restores_pkey primary key (id),
     constraint restores_state check (state in ('planned', 'running', 'done', 'refused', 'cancelled')),
     constraint restores_origin check (origin in ('backup', 'incident', 'guard')),
     constraint restores_finished check ((state in ('planned', 'running')) = (finished_at is null))
   )`,
  'create index restores_device on restores (device_id, created_at)',
  `create index restores_running on restores (state) where state = 'running'`,

  `create table restore_items (
     restore_id bigint not null,
     device_user_id text not null,
     position integer not null,
     backup_id bigint,
     name text,
     action text not null,
     code text,
     reason text,
     credentials_added integer not null default 0,
     credentials_replaced integer not null default 0,
     before_digest text,
     state text not null default 'planned',
     write_id bigint,
     settled_at timestamptz,
     constraint restore_items_pkey primary key (restore_id, device_user_id),
     constraint restore_items_action check (action in ('create', 'update', 'unchanged', 'refused')),
     constraint restore_items_state check (state in ('planned', 'done', 'failed', 'unchanged', 'refused'))
   )`,

  `create table device_guards (
     device_id bigint not null,
     enabled boolean not null,
     highest_level text not null default 'notice',
     users_per_day integer not null default 10,
     handled text,
     changed_by text not null,
     changed_at timestamptz not null,
     constraint device_guards_pkey primary key (device_id),
     constraint device_guards_level check (highest_level in ('notice', 'trip', 'hard_trip')),
     constraint device_guards_budget check (users_per_day between 1 and 100000)
   )`,
];

const DOWN = [
  'drop table device_guards',
  'drop table restore_items',
  'drop table restores',
  'drop table backup_agenda',
  'drop table device_backups',
];
