import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who was erased, so that nobody brings them back from a backup. A settled write stays as it was settled, with one exception: what
 * it holds of a user may be taken out of it for ever.
 *
 * A new table and a new text of a function; locks nothing that is in use.
 */
export class EraseUsers1764500000020 implements MigrationInterface {
  name = 'EraseUsers1764500000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

/** `settled`: what must hold of an update of a settled write; undefined: there is none. */
function guard(settled?: string): string {
  return `create or replace function device_writes_guard() returns trigger language plpgsql as $$
   begin
     if tg_op in ('DELETE', 'TRUNCATE') then
       raise exception '% keeps its rows (%)', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
     end if;
     if current_setting('holdfast.lease_key', true) is distinct from 'device:' || new.device_id then
       raise exception '% on % of device % needs the lease of that device', tg_op, tg_table_name, new.device_id
         using errcode = 'HF001', hint = 'Write through Lease.transaction.';
     end if;
     if tg_op = 'UPDATE' and tg_table_name = 'device_writes' then
       if old.state <> 'open'${settled ? ` and not (${settled})` : ''} then
         raise exception 'write % was settled as % and stays so', old.id, old.state using errcode = 'integrity_constraint_violation';
       end if;
     end if;
     return new;
   end $$`;
}

const HELD = `'before_sealed', 'after_sealed', 'device_user_name'`;
const ERASES = `to_jsonb(new) - array[${HELD}] = to_jsonb(old) - array[${HELD}]
              and (new.before_sealed is not distinct from old.before_sealed or new.before_sealed = 'erased')
              and (new.after_sealed is not distinct from old.after_sealed or new.after_sealed = 'erased')
              and (new.device_user_name is not distinct from old.device_user_name or new.device_user_name is null)`;

const UP = [
  `create table erasures (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     person_id bigint,
     person_type text,
     reason text not null,
     requested_by text not null,
     erased_at timestamptz not null,
     live_state text not null default 'pending',
     live_error text,
     settled_at timestamptz,
     constraint erasures_pkey primary key (id),
     constraint erasures_person check ((person_id is null) = (person_type is null)),
     constraint erasures_live_state check (live_state in ('pending', 'removed', 'absent', 'failed')),
     constraint erasures_settled check ((live_state = 'pending') = (settled_at is null)),
     constraint erasures_error check (live_state <> 'failed' or live_error is not null)
   )`,
  'create unique index erasures_user on erasures (device_id, device_user_id, erased_at)',
  `create index erasures_pending on erasures (id) where live_state = 'pending'`,
  guard(ERASES),
];

const DOWN = [guard(), 'drop table erasures'];
