import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Terminals that dial in: devices without an address, who waits at the door, which server has whom, and what terminals
 * hand over of their own accord. That is kept without a lease, since a terminal that waits for an answer gives up and
 * dials again; a run takes the punches into `punches` under its lease.
 *
 * Takes ACCESS EXCLUSIVE on devices and punch_watermarks for a moment. Going back forgets devices that dial in.
 */
export class AdmitDialInTerminals1764200000000 implements MigrationInterface {
  name = 'AdmitDialInTerminals1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `alter table devices
     alter column host drop not null,
     alter column port drop not null,
     add column network text,
     drop constraint devices_driver,
     drop constraint devices_transport,
     add constraint devices_driver check (driver in ('zk', 'node-zklib', 'aiface')),
     add constraint devices_transport check (transport in ('tcp', 'udp', 'websocket')),
     add constraint devices_reach check ((driver = 'aiface') = (host is null) and (host is null) = (port is null))`,

  `create table pending_terminals (
     serial_number text not null,
     address text not null,
     model text,
     firmware text,
     fingerprint_algorithm text,
     mac text,
     counters jsonb not null,
     capacity jsonb not null,
     first_seen_at timestamptz not null default clock_timestamp(),
     last_seen_at timestamptz not null default clock_timestamp(),
     constraint pending_terminals_pkey primary key (serial_number)
   )`,
  `create index pending_terminals_last_seen_at on pending_terminals (last_seen_at)`,

  `create table terminal_presence (
     serial_number text not null,
     server text not null,
     address text not null,
     connected_at timestamptz not null,
     last_heard_at timestamptz not null,
     disconnected_at timestamptz,
     constraint terminal_presence_pkey primary key (serial_number)
   )`,

  `create table handed_over_punches (
     device_id bigint not null,
     device_user_id text not null,
     wall_time text not null,
     verify_mode smallint not null,
     state smallint not null,
     received_at timestamptz not null default clock_timestamp(),
     constraint handed_over_punches_pkey primary key (device_id, device_user_id, wall_time, verify_mode, state)
   )`,

  // Every version is kept: which one is the right one is for the backup to say.
  `create table handed_over_credentials (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     backup_number smallint not null,
     raw_user_id text not null,
     name text,
     privilege smallint not null,
     record_encrypted text not null,
     record_fingerprint bytea not null,
     extra jsonb not null,
     fingerprint_algorithm text,
     first_received_at timestamptz not null default clock_timestamp(),
     last_received_at timestamptz not null default clock_timestamp(),
     constraint handed_over_credentials_pkey primary key (id)
   )`,
  `create unique index handed_over_credentials_version on handed_over_credentials
     (device_id, device_user_id, backup_number, record_fingerprint)`,

  `create table device_user_details_read (
     device_id bigint not null,
     device_user_id text not null,
     read_at timestamptz not null,
     constraint device_user_details_read_pkey primary key (device_id, device_user_id)
   )`,
  `create trigger device_user_details_read_fence before insert or update or delete or truncate on device_user_details_read
     for each statement execute function require_lease()`,

  `alter table punch_watermarks add column position jsonb`,
];

const DOWN = [
  `alter table punch_watermarks drop column position`,
  `drop table device_user_details_read`,
  `drop table handed_over_credentials`,
  `drop table handed_over_punches`,
  `drop table terminal_presence`,
  `drop table pending_terminals`,
  `delete from devices where driver = 'aiface'`,
  `alter table devices
     drop constraint devices_reach,
     drop constraint devices_driver,
     drop constraint devices_transport,
     drop column network,
     alter column host set not null,
     alter column port set not null,
     add constraint devices_driver check (driver in ('zk', 'node-zklib')),
     add constraint devices_transport check (transport in ('tcp', 'udp'))`,
];
