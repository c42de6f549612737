import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds part of a name, ID or card number in the buffer without looking at every row. Needs pg_trgm, which comes with
 * PostgreSQL and which the owner of a database may create; where it cannot be had, the search works as before, and
 * more slowly. Takes SHARE on device_user_buffer for as long as the index takes.
 */
export class SearchBufferText1764300000051 implements MigrationInterface {
  name = 'SearchBufferText1764300000051';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      do $$
      begin
        create extension if not exists pg_trgm;
        create index device_user_buffer_text on device_user_buffer
          using gin (name gin_trgm_ops, device_user_id gin_trgm_ops, card_number gin_trgm_ops);
      exception when insufficient_privilege or undefined_file or feature_not_supported then
        raise notice 'pg_trgm cannot be had here: searching the buffer for text looks at every row';
      end $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index if exists device_user_buffer_text`);
    // Whatever else uses it keeps it.
    await queryRunner.query(`
      do $$
      begin
        drop extension if exists pg_trgm;
      exception when dependent_objects_still_exist or insufficient_privilege then null;
      end $$`);
  }
}
