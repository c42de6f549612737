import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests that were sent with an Idempotency-Key, and how they were answered. Takes no lock on a table with rows. */
export class RememberIdempotencyKeys1764300000050 implements MigrationInterface {
  name = 'RememberIdempotencyKeys1764300000050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table idempotency_keys (
        actor text not null,
        key_hash bytea not null,
        request text not null,
        digest bytea not null,
        state text not null,
        attempt uuid not null,
        status smallint,
        headers jsonb,
        body text,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz not null,
        constraint idempotency_keys_pkey primary key (actor, key_hash),
        constraint idempotency_keys_state check (state in ('in_progress', 'answered', 'unkept')),
        constraint idempotency_keys_answer check ((state = 'in_progress') = (status is null))
      )`);
    await queryRunner.query(`create index idempotency_keys_expires_at on idempotency_keys (expires_at)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table idempotency_keys`);
  }
}
