import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a conflict has to keep so that it can be shown and settled: whom it is about, the version that both sides agreed
 * on, what differs, and a digest that a decision names. An ended mapping ends the conflicts of its user in the same
 * transaction, since there is nothing left to differ from.
 *
 * Takes ACCESS EXCLUSIVE on user_conflicts and SHARE ROW EXCLUSIVE on user_machine_mapping, for a moment.
 */
export class SettleConflicts1764300000040 implements MigrationInterface {
  name = 'SettleConflicts1764300000040';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `alter table user_conflicts
     add column person_id bigint,
     add column person_type text,
     add column agreed_data jsonb not null default '{}',
     add column differing text[] not null default '{}',
     add column claims jsonb not null default '[]',
     add column name_limit_bytes integer,
     add column version text not null default '',
     add column updated_at timestamptz not null default clock_timestamp(),
     add column resolution jsonb,
     add constraint user_conflicts_settled
       check (resolved = (resolved_at is not null) and resolved = (resolved_by is not null)
              and (resolved or resolution_strategy is null))`,
  `alter table user_conflicts alter column version drop default`,

  `create function user_machine_mapping_end_conflicts() returns trigger language plpgsql as $$
   begin
     if tg_op = 'UPDATE' and (old.valid_to is not null or new.valid_to is null) then return null; end if;
     -- In the order in which runs take them, so that nobody waits in a circle.
     perform 1 from device_user_buffer where device_id = old.device_id and device_user_id = old.device_user_id for no key update;
     with ended as (
       update user_conflicts
          set resolved = true, resolved_at = clock_timestamp(), resolved_by = 'system',
              resolution_notes = 'the mapping ended', updated_at = clock_timestamp()
        where device_id = old.device_id and device_user_id = old.device_user_id and not resolved
       returning id, conflict_type)
     insert into device_user_audit_log (operation_type, device_id, device_user_id, performed_by, service_name, details)
     select 'conflict_vanished', old.device_id, old.device_user_id, 'system', 'conflict',
            jsonb_build_object('conflict_id', id::text, 'conflict_type', conflict_type, 'notes', 'the mapping ended')
       from ended;
     return null;
   end $$`,
  `create trigger user_machine_mapping_end_conflicts after update of valid_to or delete on user_machine_mapping
     for each row execute function user_machine_mapping_end_conflicts()`,
];

const DOWN = [
  `drop trigger user_machine_mapping_end_conflicts on user_machine_mapping`,
  `drop function user_machine_mapping_end_conflicts()`,
  `alter table user_conflicts
     drop constraint user_conflicts_settled,
     drop column person_id, drop column person_type, drop column agreed_data, drop column differing, drop column claims,
     drop column name_limit_bytes, drop column version, drop column updated_at, drop column resolution`,
];
