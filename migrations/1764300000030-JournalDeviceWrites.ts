import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The journal of writes to terminals: an intent per write, stored before anything is sent and settled by reading, and
 * the users that administrators deleted, sealed, so that each deletion can be undone. Both keep their rows, and both are
 * written under the lease of the device that they are about.
 *
 * It locks nothing but the tables that it makes.
 */
export class JournalDeviceWrites1764300000030 implements MigrationInterface {
  name = 'JournalDeviceWrites1764300000030';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table device_writes (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     device_user_name text,
     kind text not null,
     purpose text not null,
     purpose_data jsonb not null default '{}',
     reason text,
     requested_by text not null,
     requested_role text not null,
     before_sealed text,
     after_sealed text,
     before_digest text,
     after_digest text,
     lease_token bigint not null,
     state text not null default 'open',
     opened_at timestamptz not null default clock_timestamp(),
     settled_at timestamptz,
     settled_how text,
     error_code text,
     constraint device_writes_pkey primary key (id),
     constraint device_writes_kind check (kind in ('update', 'delete', 'restore')),
     constraint device_writes_state check (state in ('open', 'done', 'not_done', 'undetermined')),
     constraint device_writes_before check ((kind = 'restore') = (before_digest is null) and (before_digest is null) = (before_sealed is null)),
     constraint device_writes_after check ((kind = 'delete') = (after_digest is null) and (after_digest is null) = (after_sealed is null)),
     constraint device_writes_settled check ((state = 'open') = (settled_at is null) and (settled_at is null) = (settled_how is null))
   )`,
  `create unique index device_writes_open on device_writes (device_id, device_user_id) where state = 'open'`,
  `create index device_writes_deletions_by on device_writes (requested_by, opened_at) where kind = 'delete'`,
  `create index device_writes_deletions_on on device_writes (device_id, opened_at) where kind = 'delete'`,

  `create table deleted_device_users (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     name text,
     slot integer,
     driver text not null,
     snapshot_sealed text not null,
     snapshot_digest text not null,
     deleted_by text not null,
     reason text not null,
     write_id bigint not null,
     deleted_at timestamptz,
     restored_at timestamptz,
     restored_by text,
     restore_write_id bigint,
     constraint deleted_device_users_pkey primary key (id),
     constraint deleted_device_users_restored check ((restored_at is null) = (restored_by is null) and (restored_at is null) = (restore_write_id is null))
   )`,
  `create unique index deleted_device_users_write on deleted_device_users (write_id)`,
  `create index deleted_device_users_user on deleted_device_users (device_id, device_user_id)`,

  // What was settled stays so, and a row belongs to the device whose lease the transaction carries.
  `create function device_writes_guard() returns trigger language plpgsql as $$
   begin
     if tg_op in ('DELETE', 'TRUNCATE') then
       raise exception '% keeps its rows (%)', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
     end if;
     if current_setting('holdfast.lease_key', true) is distinct from 'device:' || new.device_id then
       raise exception '% on % of device % needs the lease of that device', tg_op, tg_table_name, new.device_id
         using errcode = 'HF001', hint = 'Write through Lease.transaction.';
     end if;
     if tg_op = 'UPDATE' and tg_table_name = 'device_writes' then
       if old.state <> 'open' then
         raise exception 'write % was settled as % and stays so', old.id, old.state using errcode = 'integrity_constraint_violation';
       end if;
     end if;
     return new;
   end $$`,
  ...['device_writes', 'deleted_device_users'].flatMap((table) => [
    `create trigger ${table}_fence before insert or update on ${table} for each statement execute function require_lease()`,
    `create trigger ${table}_guard before insert or update on ${table} for each row execute function device_writes_guard()`,
    `create trigger ${table}_kept before delete or truncate on ${table} for each statement execute function device_writes_guard()`,
  ]),
];

const DOWN = [`drop table deleted_device_users`, `drop table device_writes`, `drop function device_writes_guard()`];
