import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Leases leave a trail, and what only runs write needs one. A trigger on `sync_locks` audits every acquisition, release
 * and expiry (requirement 7.4), and another refuses writes outside a fenced transaction (safety design 1).
 *
 * Takes ACCESS EXCLUSIVE on sync_locks and SHARE ROW EXCLUSIVE on the guarded tables, for a moment.
 */
export class GuardLeases1764100000001 implements MigrationInterface {
  name = 'GuardLeases1764100000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  // Who held the lease that the present holder took over; null after an orderly release.
  `alter table sync_locks add column taken_over_from text`,

  // A lease changes hands often and touches no column of a B-tree, so that its row stays in its page.
  `alter table sync_locks set (fillfactor = 50)`,
  `drop index sync_locks_expires_at`,
  `create index sync_locks_expires_at on sync_locks using brin (expires_at)`,
  // One trigger guards an update and tells it: each trigger with a condition of its own costs every lease its time.
  `drop trigger sync_locks_guard_rows on sync_locks`,
  `create trigger sync_locks_guard_rows before delete on sync_locks for each row execute function sync_locks_guard()`,
  `create function sync_locks_tell(operation text, lock_key text, token bigint, holder text, facts jsonb) returns void
     language plpgsql as $$
   begin
     insert into device_user_audit_log (operation_type, device_id, performed_by, service_name, details)
     values (operation, substring(lock_key from '^device:([0-9]{1,18})$')::bigint, holder, split_part(holder, '@', 1),
             jsonb_build_object('lock_key', lock_key, 'fencing_token', token) || facts);
   end $$`,
  `create function sync_locks_update() returns trigger language plpgsql as $$
   begin
     if new.token < old.token or new.lock_key <> old.lock_key then
       raise exception 'the fencing token of % only grows: % after %', old.lock_key, new.token, old.token
         using errcode = 'integrity_constraint_violation';
     end if;
     if new.holder_nonce is not distinct from old.holder_nonce then return new; end if;
     if old.holder_nonce is not null then
       perform sync_locks_tell(
         case when new.last_released_at is distinct from old.last_released_at then 'lease_released' else 'lease_expired' end,
         old.lock_key, old.token, old.acquired_by,
         jsonb_build_object('expires_at', old.expires_at, 'taken_over_by', new.acquired_by));
     end if;
     if new.holder_nonce is not null then
       perform sync_locks_tell('lease_acquired', new.lock_key, new.token, new.acquired_by,
         jsonb_build_object('expires_at', new.expires_at));
     end if;
     return new;
   end $$`,
  `create trigger sync_locks_update before update on sync_locks for each row execute function sync_locks_update()`,
  // Not before: an insert that meets a rival's row is told only if it inserts.
  `create function sync_locks_insert() returns trigger language plpgsql as $$
   begin
     if new.holder_nonce is not null then
       perform sync_locks_tell('lease_acquired', new.lock_key, new.token, new.acquired_by,
         jsonb_build_object('expires_at', new.expires_at));
     end if;
     return null;
   end $$`,
  `create trigger sync_locks_insert after insert on sync_locks for each row execute function sync_locks_insert()`,

  `create function require_lease() returns trigger language plpgsql as $$
   begin
     perform 1 from sync_locks
       where lock_key = current_setting('holdfast.lease_key', true)
         and holder_nonce = nullif(current_setting('holdfast.lease_nonce', true), '')::uuid
         and token = nullif(current_setting('holdfast.lease_token', true), '')::bigint
         and expires_at >= clock_timestamp()
         for share;
     if not found then
       raise exception '% on % needs a lease in force; the transaction carries %', tg_op, tg_table_name,
         coalesce(nullif(current_setting('holdfast.lease_key', true), '') || ' with token '
                  || current_setting('holdfast.lease_token', true), 'none')
         using errcode = 'HF001', hint = 'Write through Lease.transaction.';
     end if;
     return null;
   end $$`,
  `create trigger device_user_buffer_fence
     before insert or delete or truncate or update of slot, name, name_bytes, card_number, privilege, group_id, timezone_id, has_pin,
       discovered_at, last_seen_at, last_run_id
     on device_user_buffer for each statement execute function require_lease()`,
  `create trigger device_user_count_history_fence before insert or update or delete or truncate on device_user_count_history
     for each statement execute function require_lease()`,
  `create trigger sync_runs_fence
     before update of lease_token, users_read, mapped, unmapped, newly_buffered, updated, already_buffered, invalid, proof
     on sync_runs for each statement execute function require_lease()`,
];

const DOWN = [
  `drop trigger sync_runs_fence on sync_runs`,
  `drop trigger device_user_count_history_fence on device_user_count_history`,
  `drop trigger device_user_buffer_fence on device_user_buffer`,
  `drop function require_lease()`,
  `drop trigger sync_locks_insert on sync_locks`,
  `drop function sync_locks_insert()`,
  `drop trigger sync_locks_update on sync_locks`,
  `drop function sync_locks_update()`,
  `drop function sync_locks_tell(text, text, bigint, text, jsonb)`,
  `drop trigger sync_locks_guard_rows on sync_locks`,
  `create trigger sync_locks_guard_rows before update or delete on sync_locks for each row execute function sync_locks_guard()`,
  `drop index sync_locks_expires_at`,
  `create index sync_locks_expires_at on sync_locks (expires_at)`,
  `alter table sync_locks reset (fillfactor)`,
  `alter table sync_locks drop column taken_over_from`,
];
