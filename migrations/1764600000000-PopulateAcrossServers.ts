import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A run that another process is asked for, since the terminal holds its connection to that one; and which migrations of the buffer
 * were begun, so that one that was interrupted can go on.
 *
 * Two new tables; locks nothing that is in use.
 */
export class PopulateAcrossServers1764600000000 implements MigrationInterface {
  name = 'PopulateAcrossServers1764600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table sync_run_orders (
     id bigint generated always as identity,
     device_id bigint not null,
     service text not null,
     preview boolean not null,
     ordered_by text not null,
     ordered_at timestamptz not null default clock_timestamp(),
     state text not null default 'waiting',
     taken_by text,
     heard_at timestamptz,
     sync_run_id bigint,
     outcome jsonb,
     constraint sync_run_orders_pkey primary key (id),
     constraint sync_run_orders_state check (state in ('waiting', 'taken', 'done', 'failed', 'withdrawn')),
     constraint sync_run_orders_taken check (state in ('waiting', 'withdrawn') or taken_by is not null),
     constraint sync_run_orders_outcome check ((state in ('done', 'failed')) = (outcome is not null))
   )`,
  `create index sync_run_orders_waiting on sync_run_orders (id) where state = 'waiting'`,
  `create table buffer_populations (
     id bigint generated always as identity,
     device_ids bigint[] not null,
     begun_by text not null,
     begun_at timestamptz not null default clock_timestamp(),
     finished_at timestamptz,
     constraint buffer_populations_pkey primary key (id),
     constraint buffer_populations_devices check (cardinality(device_ids) > 0)
   )`,
];

const DOWN = ['drop table buffer_populations', 'drop table sync_run_orders'];
