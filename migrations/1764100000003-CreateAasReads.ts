import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was read of AAS files, and the people in the newest one. Locks nothing but the tables that it makes. */
export class CreateAasReads1764100000003 implements MigrationInterface {
  name = 'CreateAasReads1764100000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `create table aas_reads (
     id bigint generated always as identity,
     path text not null,
     role text,
     size_bytes bigint,
     modified_at timestamptz,
     settings text not null,
     sha256 text,
     outcome text not null,
     error_code text,
     error_message text,
     employees integer,
     punches integer,
     punches_imported integer,
     warnings jsonb not null default '[]',
     read_at timestamptz not null default clock_timestamp(),
     constraint aas_reads_pkey primary key (id),
     constraint aas_reads_outcome check (outcome in ('read', 'refused'))
   )`,
  `create index aas_reads_path on aas_reads (path, id)`,
  `create table aas_employees (
     employee_id text not null,
     device_user_id text not null,
     name text,
     end_date date,
     last_read_at timestamptz not null,
     constraint aas_employees_pkey primary key (employee_id)
   )`,
];

const DOWN = [`drop table aas_employees`, `drop table aas_reads`];
