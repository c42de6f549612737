import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema: devices, people, mappings, the buffer, leases, conflicts, audit, history, runs, tokens.
 * It locks nothing but the tables that it makes.
 */
export class CreateSchema1764000000000 implements MigrationInterface {
  name = 'CreateSchema1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table devices (
     id bigint generated always as identity,
     slug text not null,
     name text not null,
     driver text not null,
     host text not null,
     port integer not null,
     transport text not null,
     encoding text not null default 'auto',
     time_zone text,
     comm_key_encrypted text,
     serial_number text,
     model text,
     platform text,
     firmware text,
     enabled boolean not null default true,
     is_demo boolean not null default false,
     last_sync_at timestamptz,
     last_run_id bigint,
     created_at timestamptz not null default now(),
     updated_at timestamptz not null default now(),
     constraint devices_pkey primary key (id),
     constraint devices_driver check (driver in ('zk', 'node-zklib')),
     constraint devices_port check (port between 1 and 65535),
     constraint devices_transport check (transport in ('tcp', 'udp'))
   )`,
  `create unique index devices_slug on devices (slug)`,
  `create unique index devices_address on devices (host, port, transport)`,
  `create unique index devices_serial_number on devices (serial_number)`,

  `create table people (
     id bigint generated always as identity,
     person_type text not null,
     external_reference text,
     name text not null,
     card_number text,
     active boolean not null default true,
     created_at timestamptz not null default now(),
     updated_at timestamptz not null default now(),
     constraint people_pkey primary key (id),
     constraint people_person_type check (person_type in ('staff', 'student'))
   )`,
  `create unique index people_external_reference on people (person_type, external_reference)`,

  // No foreign key to people: what happens to a person must not reach a mapping's history (requirement 3.3).
  `create table user_machine_mapping (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     person_id bigint not null,
     person_type text not null,
     adopted jsonb not null default '{}',
     valid_from timestamptz not null default now(),
     valid_to timestamptz,
     created_by text not null,
     constraint user_machine_mapping_pkey primary key (id),
     constraint user_machine_mapping_person_type check (person_type in ('staff', 'student')),
     constraint user_machine_mapping_validity check (valid_to is null or valid_to >= valid_from)
   )`,
  `create unique index user_machine_mapping_open_user on user_machine_mapping (device_id, device_user_id) where valid_to is null`,
  `create unique index user_machine_mapping_open_person on user_machine_mapping (device_id, person_id) where valid_to is null`,

  // Free space in its pages lets a sighting move last_seen_at without touching the other indexes (ADR 2).
  `create table device_user_buffer (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     slot integer,
     name text,
     name_bytes bytea,
     card_number text,
     privilege integer not null default 0,
     group_id integer,
     timezone_id text,
     has_pin boolean not null default false,
     discovered_at timestamptz not null,
     last_seen_at timestamptz not null,
     mapping_status text not null default 'unmapped',
     mapped_to_person_id bigint,
     mapped_to_person_type text,
     mapped_at timestamptz,
     notes text,
     last_run_id bigint,
     created_at timestamptz not null default now(),
     updated_at timestamptz not null default now(),
     constraint device_user_buffer_pkey primary key (id),
     constraint device_user_buffer_mapping_status check (mapping_status in ('unmapped', 'mapped', 'conflict')),
     constraint device_user_buffer_sightings check (last_seen_at >= discovered_at)
   ) with (fillfactor = 70)`,
  `create unique index device_user_buffer_user on device_user_buffer (device_id, device_user_id)`,
  `create index device_user_buffer_status on device_user_buffer (mapping_status)`,
  `create index device_user_buffer_last_seen_at on device_user_buffer using brin (last_seen_at)`,

  `create table sync_locks (
     id bigint generated always as identity,
     lock_key text not null,
     token bigint not null default 0,
     holder_nonce uuid,
     acquired_by text,
     acquired_at timestamptz,
     expires_at timestamptz,
     writes_not_before timestamptz,
     takeovers bigint not null default 0,
     last_released_at timestamptz,
     constraint sync_locks_pkey primary key (id)
   )`,
  `create unique index sync_locks_lock_key on sync_locks (lock_key)`,
  `create index sync_locks_expires_at on sync_locks (expires_at)`,
  `create function sync_locks_guard() returns trigger language plpgsql as $$
   begin
     if tg_op <> 'UPDATE' then
       raise exception 'sync_locks keeps its rows for ever, so that a token never starts again (%)', tg_op
         using errcode = 'integrity_constraint_violation';
     end if;
     if new.token < old.token or new.lock_key <> old.lock_key then
       raise exception 'the fencing token of % only grows: % after %', old.lock_key, new.token, old.token
         using errcode = 'integrity_constraint_violation';
     end if;
     return new;
   end $$`,
  `create trigger sync_locks_guard_rows before update or delete on sync_locks for each row execute function sync_locks_guard()`,
  `create trigger sync_locks_guard_truncate before truncate on sync_locks for each statement execute function sync_locks_guard()`,

  `create table user_conflicts (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     conflict_type text not null,
     device_data jsonb not null,
     database_data jsonb not null,
     detected_at timestamptz not null,
     resolved boolean not null default false,
     resolved_at timestamptz,
     resolved_by text,
     resolution_strategy text,
     resolution_notes text,
     constraint user_conflicts_pkey primary key (id),
     constraint user_conflicts_type check (conflict_type in ('attribute_mismatch', 'duplicate_id', 'id_reused')),
     constraint user_conflicts_strategy check (resolution_strategy in ('use_device', 'use_database', 'merge'))
   )`,
  `create index user_conflicts_resolved on user_conflicts (resolved)`,
  `create index user_conflicts_user on user_conflicts (device_id, device_user_id)`,
  `create unique index user_conflicts_open on user_conflicts (device_id, device_user_id, conflict_type) where not resolved`,

  `create table device_user_audit_log (
     id bigint generated always as identity,
     operation_type text not null,
     device_id bigint,
     device_user_id text,
     device_user_name text,
     performed_by text not null,
     service_name text not null,
     details jsonb not null default '{}',
     "timestamp" timestamptz not null default clock_timestamp(),
     constraint device_user_audit_log_pkey primary key (id)
   )`,
  `create index device_user_audit_log_operation on device_user_audit_log (operation_type)`,
  `create index device_user_audit_log_user on device_user_audit_log (device_id, device_user_id)`,
  `create index device_user_audit_log_timestamp on device_user_audit_log ("timestamp")`,
  `create function device_user_audit_log_guard() returns trigger language plpgsql as $$
   begin
     raise exception 'device_user_audit_log is append-only (%)', tg_op using errcode = 'integrity_constraint_violation';
   end $$`,
  `create trigger device_user_audit_log_append_only before update or delete or truncate on device_user_audit_log
     for each statement execute function device_user_audit_log_guard()`,

  `create table device_user_count_history (
     id bigint generated always as identity,
     device_id bigint not null,
     user_count integer not null,
     user_ids text[] not null,
     "timestamp" timestamptz not null,
     constraint device_user_count_history_pkey primary key (id),
     constraint device_user_count_history_count check (user_count = cardinality(user_ids))
   )`,
  `create index device_user_count_history_time on device_user_count_history (device_id, "timestamp")`,

  `create table sync_runs (
     id bigint generated always as identity,
     device_id bigint not null,
     service text not null,
     requested_by text not null,
     started_at timestamptz not null,
     finished_at timestamptz,
     outcome text not null,
     error_code text,
     error_message text,
     lease_token bigint,
     users_read integer,
     mapped integer,
     unmapped integer,
     newly_buffered integer,
     updated integer,
     already_buffered integer,
     invalid integer,
     proof jsonb,
     constraint sync_runs_pkey primary key (id),
     constraint sync_runs_outcome check (outcome in ('running', 'succeeded', 'incomplete', 'failed', 'busy', 'abandoned'))
   )`,
  `create index sync_runs_device on sync_runs (device_id, started_at)`,

  `create table admin_tokens (
     id bigint generated always as identity,
     token_hash text not null,
     created_at timestamptz not null default clock_timestamp(),
     revoked_at timestamptz,
     constraint admin_tokens_pkey primary key (id)
   )`,
  `create unique index admin_tokens_hash on admin_tokens (token_hash)`,
];

const DOWN = [
  `drop table admin_tokens`,
  `drop table sync_runs`,
  `drop table device_user_count_history`,
  `drop table device_user_audit_log`,
  `drop function device_user_audit_log_guard()`,
  `drop table user_conflicts`,
  `drop table sync_locks`,
  `drop function sync_locks_guard()`,
  `drop table device_user_buffer`,
  `drop table user_machine_mapping`,
  `drop table people`,
  `drop table devices`,
];
