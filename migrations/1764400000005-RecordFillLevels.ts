import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How full each terminal was on each day, so that it can be told when it will be; and what administrators have been told
 * of each terminal, so that it is told once and settled when it is over.
 *
 * A new table, and ACCESS EXCLUSIVE on device_watch for a moment: a column with a constant default rewrites nothing.
 */
export class RecordFillLevels1764400000005 implements MigrationInterface {
  name = 'RecordFillLevels1764400000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create table device_fill_levels (
         device_id bigint not null,
         day date not null,
         users integer not null,
         user_capacity integer,
         templates integer,
         template_capacity integer,
         punches integer,
         punch_capacity integer,
         constraint device_fill_levels_pkey primary key (device_id, day)
       )`,
    );
    await queryRunner.query(`alter table device_watch add column told jsonb not null default '{}'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table device_watch drop column told');
    await queryRunner.query('drop table device_fill_levels');
  }
}
