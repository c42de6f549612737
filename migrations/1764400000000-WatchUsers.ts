import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What monitoring remembers: who was on which terminal from when until when, how each terminal is doing, and the
 * incidents in which users were lost. Stays are written by runs and polls under a lease; only how one ended may be
 * decided by an administrator.
 *
 * New tables only; locks nothing that is in use.
 */
export class WatchUsers1764400000000 implements MigrationInterface {
  name = 'WatchUsers1764400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table device_user_stays (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     slot integer,
     name text,
     card_number text,
     first_seen_at timestamptz not null,
     last_seen_at timestamptz,
     gone_at timestamptz,
     ended_as text,
     constraint device_user_stays_pkey primary key (id),
     constraint device_user_stays_ended_as check (ended_as in ('missing', 'returned', 'deleted', 'intended', 'acknowledged')),
     constraint device_user_stays_end check ((gone_at is null) = (ended_as is null) and (gone_at is null) = (last_seen_at is null))
   )`,
  // Present or missing: at most one such stay of each user. The others are history.
  `create unique index device_user_stays_current on device_user_stays (device_id, device_user_id)
     where ended_as is null or ended_as = 'missing'`,
  `create index device_user_stays_user on device_user_stays (device_id, device_user_id, first_seen_at)`,
  `create trigger device_user_stays_fence before insert or delete or truncate or update of first_seen_at, last_seen_at, gone_at, slot, name, card_number
     on device_user_stays for each statement execute function require_lease()`,

  `create table device_watch (
     device_id bigint not null,
     last_complete_at timestamptz,
     last_lease_token bigint not null default 0,
     user_count integer,
     users_digest text,
     firmware text,
     clock_drift_seconds double precision,
     poll_started_at timestamptz,
     next_poll_at timestamptz,
     failures integer not null default 0,
     incomplete_reads integer not null default 0,
     failing_since timestamptz,
     last_failure_at timestamptz,
     last_failure_code text,
     last_failure_reason text,
     paused_until timestamptz,
     suspect_since timestamptz,
     constraint device_watch_pkey primary key (device_id)
   )`,
  `create index device_watch_next_poll on device_watch (next_poll_at)`,

  `create table device_observations (
     id bigint generated always as identity,
     device_id bigint not null,
     outcome text not null,
     user_count integer,
     observed_from timestamptz not null,
     observed_until timestamptz not null,
     observations integer not null default 1,
     constraint device_observations_pkey primary key (id),
     constraint device_observations_outcome check (outcome in ('complete', 'incomplete', 'unreachable')),
     constraint device_observations_count check ((outcome = 'complete') = (user_count is not null)),
     constraint device_observations_order check (observed_from <= observed_until)
   )`,
  `create index device_observations_time on device_observations (device_id, observed_from)`,

  `create table incidents (
     id bigint generated always as identity,
     device_id bigint not null,
     kind text not null,
     state text not null default 'open',
     level text not null,
     known_users integer not null,
     missing_users integer not null,
     most_missing integer not null,
     last_complete_at timestamptz not null,
     opened_at timestamptz not null,
     changed_at timestamptz not null,
     closed_at timestamptz,
     closed_by text,
     close_reason text,
     reopened integer not null default 0,
     causes jsonb not null default '[]',
     constraint incidents_pkey primary key (id),
     constraint incidents_kind check (kind in ('disappearance', 'device_reset')),
     constraint incidents_state check (state in ('open', 'recovered', 'acknowledged')),
     constraint incidents_level check (level in ('notice', 'trip', 'hard_trip')),
     constraint incidents_closed check ((state = 'open') = (closed_at is null)),
     constraint incidents_reason check (state <> 'acknowledged' or (closed_by is not null and close_reason is not null)),
     constraint incidents_missing check (missing_users between 0 and most_missing)
   )`,
  `create unique index incidents_open on incidents (device_id) where state = 'open'`,
  `create index incidents_device on incidents (device_id, opened_at)`,

  `create table incident_users (
     incident_id bigint not null,
     device_user_id text not null,
     name text,
     card_number text,
     slot integer,
     person_id bigint,
     person_type text,
     last_seen_at timestamptz not null,
     missing_since timestamptz not null,
     state text not null default 'missing',
     settled_at timestamptz,
     settled_by text,
     reason text,
     constraint incident_users_pkey primary key (incident_id, device_user_id),
     constraint incident_users_state check (state in ('missing', 'returned', 'deleted', 'intended', 'acknowledged')),
     constraint incident_users_settled check ((state = 'missing') = (settled_at is null))
   )`,
  `create index incident_users_user on incident_users (device_user_id)`,
];

const DOWN = [
  `drop table incident_users`,
  `drop table incidents`,
  `drop table device_observations`,
  `drop table device_watch`,
  `drop table device_user_stays`,
];
