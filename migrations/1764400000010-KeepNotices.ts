import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What administrators are to be told: notices, where they go, and what became of each delivery. A notice is stored in the
 * transaction that it tells of.
 *
 * New tables only; locks nothing that is in use.
 */
export class KeepNotices1764400000010 implements MigrationInterface {
  name = 'KeepNotices1764400000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table notification_channels (
     id bigint generated always as identity,
     name text not null,
     kind text not null,
     enabled boolean not null default true,
     min_severity text not null default 'notice',
     topics text[],
     initials_only boolean not null default false,
     quiet_from text,
     quiet_until text,
     critical_breaks_quiet boolean not null default true,
     settings jsonb not null default '{}',
     secret_sealed text,
     created_at timestamptz not null default clock_timestamp(),
     updated_at timestamptz not null default clock_timestamp(),
     constraint notification_channels_pkey primary key (id),
     constraint notification_channels_kind check (kind in ('log', 'email', 'webhook', 'slack', 'telegram', 'ntfy')),
     constraint notification_channels_severity check (min_severity in ('info', 'notice', 'warning', 'critical')),
     constraint notification_channels_quiet check ((quiet_from is null) = (quiet_until is null))
   )`,
  `create unique index notification_channels_name on notification_channels (name)`,
  `insert into notification_channels (name, kind, min_severity) values ('log', 'log', 'info')`,

  `create table notices (
     id bigint generated always as identity,
     topic text not null,
     severity text not null,
     subject text not null,
     device_id bigint,
     device_name text,
     headline text not null,
     details text[] not null default '{}',
     people jsonb not null default '[]',
     since timestamptz,
     path text,
     announced_at timestamptz not null,
     reminders integer not null default 0,
     next_reminder_at timestamptz,
     constraint notices_pkey primary key (id),
     constraint notices_severity check (severity in ('info', 'notice', 'warning', 'critical'))
   )`,
  `create index notices_subject on notices (subject)`,
  `create index notices_reminder on notices (next_reminder_at) where next_reminder_at is not null`,

  `create table notice_deliveries (
     id bigint generated always as identity,
     notice_id bigint not null,
     channel_id bigint not null,
     reminder integer not null default 0,
     state text not null default 'waiting',
     message_id text,
     attempts integer not null default 0,
     created_at timestamptz not null,
     next_attempt_at timestamptz not null,
     claimed_until timestamptz,
     settled_at timestamptz,
     last_error text,
     constraint notice_deliveries_pkey primary key (id),
     constraint notice_deliveries_state check (state in ('waiting', 'sent', 'given_up', 'withdrawn')),
     constraint notice_deliveries_settled check ((state = 'waiting') = (settled_at is null))
   )`,
  `create unique index notice_deliveries_once on notice_deliveries (notice_id, channel_id, reminder)`,
  `create index notice_deliveries_due on notice_deliveries (next_attempt_at) where state = 'waiting'`,
  `create index notice_deliveries_channel on notice_deliveries (channel_id, id)`,
];

const DOWN = [`drop table notice_deliveries`, `drop table notices`, `drop table notification_channels`];
