import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A version of each person, counted by a trigger so that no writer can forget it, and indexes for looking people up by
 * card and for finding the mappings of one.
 *
 * Takes ACCESS EXCLUSIVE on people for a moment, and SHARE on people and user_machine_mapping while the indexes are built.
 */
export class KeepPeople1764300000010 implements MigrationInterface {
  name = 'KeepPeople1764300000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `alter table people add column version integer not null default 1`,
  `create function people_count_version() returns trigger language plpgsql as $$
   begin
     new.version := old.version + 1;
     new.updated_at := clock_timestamp();
     return new;
   end $$`,
  `create trigger people_version before update on people for each row execute function people_count_version()`,
  `create index people_card_number on people (card_number) where card_number is not null`,
  `create index user_machine_mapping_person on user_machine_mapping (person_id)`,
];

const DOWN = [
  `drop index user_machine_mapping_person`,
  `drop index people_card_number`,
  `drop trigger people_version on people`,
  `drop function people_count_version()`,
  `alter table people drop column version`,
];
