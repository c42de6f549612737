import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Punches: every attendance record that a terminal or an AAS file ever showed, once, and to whom it belongs. A mapping
 * without `valid_from` reaches back to the end of the one before it, or to the beginning; mappings of one device user
 * do not overlap; and whenever a mapping changes, the punches of that user follow in the same transaction.
 *
 * Takes ACCESS EXCLUSIVE on user_machine_mapping, sync_runs and devices for a moment.
 */
export class CreatePunches1764100000002 implements MigrationInterface {
  name = 'CreatePunches1764100000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table punches (
     id bigint generated always as identity,
     device_id bigint not null,
     device_user_id text not null,
     wall_time text not null,
     precise_to text not null default 'second',
     instant timestamptz,
     time_zone text not null,
     verify_mode smallint,
     state smallint,
     work_code bigint,
     occurrence integer not null,
     source text not null,
     entered_by_hand boolean not null default false,
     person_id bigint,
     person_type text,
     first_run_id bigint,
     imported_at timestamptz not null default clock_timestamp(),
     constraint punches_pkey primary key (id),
     constraint punches_wall_time_form check (wall_time ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$'),
     constraint punches_precise_to check (precise_to in ('second', 'minute')),
     constraint punches_occurrence check (occurrence > 0),
     constraint punches_source check (source in ('device', 'aas')),
     constraint punches_person_pair check ((person_id is null) = (person_type is null))
   )`,
  // No record number exists: a punch is who, when, how, and the how-manieth of its like (zk-protocol 9.2).
  `create unique index punches_natural_key on punches
     (device_id, device_user_id, wall_time, state, verify_mode, occurrence) nulls not distinct`,
  `create index punches_wall_time on punches (wall_time, id)`,
  `create index punches_person on punches (person_id, wall_time) where person_id is not null`,
  `create function punches_kept() returns trigger language plpgsql as $$
   begin
     raise exception 'punches are never deleted (%)', tg_op using errcode = 'integrity_constraint_violation';
   end $$`,
  `create trigger punches_kept before delete or truncate on punches for each statement execute function punches_kept()`,
  `create trigger punches_fence
     before insert or update of device_id, device_user_id, wall_time, precise_to, instant, time_zone, verify_mode, state, work_code,
       occurrence, source, entered_by_hand, first_run_id, imported_at
     on punches for each statement execute function require_lease()`,

  // Where the last complete read of a terminal's log ended, by what the terminal itself sent.
  `create table punch_watermarks (
     device_id bigint not null,
     record_count integer not null,
     digest bytea not null,
     last_wall_time text,
     constraint punch_watermarks_pkey primary key (device_id)
   )`,
  `create trigger punch_watermarks_fence before insert or update or delete or truncate on punch_watermarks
     for each statement execute function require_lease()`,

  `create function attribute_punches(of_device bigint, of_users text[]) returns void language sql as $$
     update punches p set person_id = due.person_id, person_type = due.person_type
       from (select q.id, m.person_id, m.person_type
               from punches q
               left join user_machine_mapping m on m.device_id = q.device_id and m.device_user_id = q.device_user_id
                and q.instant >= m.valid_from and (m.valid_to is null or q.instant < m.valid_to)
              where q.device_id = of_device and q.device_user_id = any(of_users)) due
      where p.id = due.id and (p.person_id, p.person_type) is distinct from (due.person_id, due.person_type)
   $$`,
  `alter table user_machine_mapping alter column valid_from drop default`,
  // The lock keeps a mapping and an import of the same device apart, so that neither misses the other's rows.
  `create function user_machine_mapping_begin() returns trigger language plpgsql as $$
   begin
     perform pg_advisory_xact_lock(hashtext('mapping'), hashtext(new.device_id::text));
     new.valid_from := coalesce(new.valid_from,
       (select max(valid_to) from user_machine_mapping
         where device_id = new.device_id and device_user_id = new.device_user_id and id is distinct from new.id),
       '1970-01-01 00:00:00+00');
     if exists (select 1 from user_machine_mapping m
                 where m.device_id = new.device_id and m.device_user_id = new.device_user_id and m.id <> new.id
                   and tstzrange(m.valid_from, m.valid_to) && tstzrange(new.valid_from, new.valid_to)) then
       raise exception 'device user % of device % is mapped to somebody else for a part of that time',
         new.device_user_id, new.device_id using errcode = 'exclusion_violation', constraint = 'user_machine_mapping_overlap';
     end if;
     return new;
   end $$`,
  `create trigger user_machine_mapping_begin before insert or update on user_machine_mapping
     for each row execute function user_machine_mapping_begin()`,
  `create function user_machine_mapping_follow() returns trigger language plpgsql as $$
   begin
     if tg_op = 'DELETE' then
       perform pg_advisory_xact_lock(hashtext('mapping'), hashtext(old.device_id::text));
     end if;
     if tg_op <> 'INSERT' then perform attribute_punches(old.device_id, array[old.device_user_id]); end if;
     if tg_op <> 'DELETE' then perform attribute_punches(new.device_id, array[new.device_user_id]); end if;
     return null;
   end $$`,
  `create trigger user_machine_mapping_follow after insert or update or delete on user_machine_mapping
     for each row execute function user_machine_mapping_follow()`,

  `alter table sync_runs
     add column punches_read integer, add column punches_imported integer,
     add column punch_error_code text, add column punch_error_message text,
     add column clock_drift_seconds double precision`,
  `alter table devices add column clock_drift_seconds double precision, add column clock_checked_at timestamptz,
     add column realtime boolean not null default false`,
];

const DOWN = [
  `alter table devices drop column clock_drift_seconds, drop column clock_checked_at, drop column realtime`,
  `alter table sync_runs drop column punches_read, drop column punches_imported, drop column punch_error_code,
     drop column punch_error_message, drop column clock_drift_seconds`,
  `drop trigger user_machine_mapping_follow on user_machine_mapping`,
  `drop function user_machine_mapping_follow()`,
  `drop trigger user_machine_mapping_begin on user_machine_mapping`,
  `drop function user_machine_mapping_begin()`,
  `alter table user_machine_mapping alter column valid_from set default now()`,
  `drop function attribute_punches(bigint, text[])`,
  `drop table punch_watermarks`,
  `drop table punches`,
  `drop function punches_kept()`,
];
