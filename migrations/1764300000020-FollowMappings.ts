import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The buffer follows the mappings and the open conflicts of its users, as punches do (ADR 7): whoever changes a mapping
 * or a conflict changes the status in the same transaction, and a sync cannot. A row can be put aside with a reason.
 *
 * Takes ACCESS EXCLUSIVE on device_user_buffer and user_machine_mapping, and SHARE ROW EXCLUSIVE on user_conflicts, for
 * a moment.
 */
export class FollowMappings1764300000020 implements MigrationInterface {
  name = 'FollowMappings1764300000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

/** Whoever changes one of these changes whose a user and its punches are. */
const DECISIVE = 'device_id, device_user_id, person_id, person_type, valid_from, valid_to';

const UP = [
  `alter table device_user_buffer
     add column ignored_at timestamptz, add column ignored_by text, add column ignored_reason text,
     add constraint device_user_buffer_ignored
       check ((ignored_at is null) = (ignored_by is null) and (ignored_at is null) = (ignored_reason is null)),
     add constraint device_user_buffer_person_pair
       check ((mapped_to_person_id is null) = (mapped_to_person_type is null)
              and (mapped_to_person_id is null) = (mapped_at is null))`,
  `alter table user_machine_mapping
     add column created_at timestamptz not null default clock_timestamp(), add column ended_by text`,

  // Says the status of a row from what is so, whatever it said before. Rows that say it already are not touched.
  `create function follow_mappings(of_device bigint, of_users text[]) returns void language sql as $$
     update device_user_buffer b
        set mapping_status = due.status, mapped_to_person_id = due.person_id, mapped_to_person_type = due.person_type,
            mapped_at = case when due.person_id is null then null
                             when b.mapped_to_person_id = due.person_id then b.mapped_at
                             else greatest(due.created_at, b.discovered_at) end,
            ignored_at = case when due.person_id is null then b.ignored_at end,
            ignored_by = case when due.person_id is null then b.ignored_by end,
            ignored_reason = case when due.person_id is null then b.ignored_reason end,
            updated_at = clock_timestamp()
       from (select q.id, m.person_id, m.person_type, m.created_at,
                    case when exists (select 1 from user_conflicts c
                                       where c.device_id = q.device_id and c.device_user_id = q.device_user_id
                                         and not c.resolved) then 'conflict'
                         when m.id is not null then 'mapped' else 'unmapped' end as status
               from device_user_buffer q
               left join user_machine_mapping m on m.device_id = q.device_id and m.device_user_id = q.device_user_id
                and m.valid_to is null
              where q.device_id = of_device and q.device_user_id = any(of_users)) due
      where b.id = due.id
        and (b.mapping_status, b.mapped_to_person_id, b.mapped_to_person_type)
            is distinct from (due.status, due.person_id, due.person_type)
   $$`,
  `create function user_machine_mapping_tell_buffer() returns trigger language plpgsql as $$
   begin
     if tg_op <> 'INSERT' then perform follow_mappings(old.device_id, array[old.device_user_id]); end if;
     if tg_op <> 'DELETE' then perform follow_mappings(new.device_id, array[new.device_user_id]); end if;
     return null;
   end $$`,
  `create trigger user_machine_mapping_tell_buffer after insert or delete or update of ${DECISIVE} on user_machine_mapping
     for each row execute function user_machine_mapping_tell_buffer()`,
  // What was adopted from a device decides neither.
  `drop trigger user_machine_mapping_follow on user_machine_mapping`,
  `create trigger user_machine_mapping_follow after insert or delete or update of ${DECISIVE} on user_machine_mapping
     for each row execute function user_machine_mapping_follow()`,
  `create trigger user_conflicts_tell_buffer after insert or delete or update of resolved on user_conflicts
     for each row execute function user_machine_mapping_tell_buffer()`,
];

const DOWN = [
  `drop trigger user_machine_mapping_follow on user_machine_mapping`,
  `create trigger user_machine_mapping_follow after insert or update or delete on user_machine_mapping
     for each row execute function user_machine_mapping_follow()`,
  `drop trigger user_conflicts_tell_buffer on user_conflicts`,
  `drop trigger user_machine_mapping_tell_buffer on user_machine_mapping`,
  `drop function user_machine_mapping_tell_buffer()`,
  `drop function follow_mappings(bigint, text[])`,
  `alter table user_machine_mapping drop column created_at, drop column ended_by`,
  `alter table device_user_buffer drop constraint device_user_buffer_person_pair,
     drop constraint device_user_buffer_ignored, drop column ignored_at, drop column ignored_by, drop column ignored_reason`,
];
