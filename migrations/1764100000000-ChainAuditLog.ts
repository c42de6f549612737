import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit log's hash chain. Every statement that writes entries ends in one block per stream (`device:<id>`, or
 * `admin` for what concerns no device); a trigger makes it, so that no entry can be written beside the chain. What the
 * log held before becomes the first block of its streams.
 *
 * Takes SHARE ROW EXCLUSIVE on device_user_audit_log for as long as hashing its entries takes.
 */
export class ChainAuditLog1764100000000 implements MigrationInterface {
  name = 'ChainAuditLog1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

/** The bytes that a leaf is the digest of; the same text stands in libs/audit/src/chain-snapshot.ts, which checks it. */
const LEAF = `sha256(convert_to(row(e.id, e.operation_type, e.device_id, e.device_user_id, e.device_user_name,
  e.performed_by, e.service_name, e.details, extract(epoch from e."timestamp"))::text, 'UTF8'))`;
const STREAM = `coalesce('device:' || e.device_id, 'admin')`;
const GENESIS = `sha256('')`;

/**
 * Seals the rows of \`source\`: one block per stream. Rivals on one stream wait at its head until the other commits;
 * heads are taken in the order of their names, so that two statements never wait for each other.
 */
const seal = (source: string): string => `
  with part as (
    select ${STREAM} as stream, array_agg(e.id order by e.id) as ids,
           sha256(string_agg(${LEAF}, ''::bytea order by e.id)) as entries_digest
      from ${source} e group by 1),
  head as (
    insert into audit_chain_heads as h (stream, block_number, entry_count, previous_hash, entries_digest, hash)
    select stream, 1, cardinality(ids), ${GENESIS}, entries_digest, audit_block_hash(stream, 1, ${GENESIS}, entries_digest)
      from part order by stream
    on conflict (stream) do update
       set block_number = h.block_number + 1, entry_count = h.entry_count + excluded.entry_count, previous_hash = h.hash,
           entries_digest = excluded.entries_digest,
           hash = audit_block_hash(h.stream, h.block_number + 1, h.hash, excluded.entries_digest)
    returning h.*)
  insert into audit_blocks (stream, block_number, previous_hash, entry_ids, entries_digest, hash)
  select stream, block_number, previous_hash, ids, head.entries_digest, hash from head join part using (stream)`;

const UP = [
  // Half-empty pages: the head of a stream moves with every block, and stays in its page.
  `create table audit_chain_heads (
     stream text not null,
     block_number bigint not null,
     entry_count bigint not null,
     previous_hash bytea not null,
     entries_digest bytea not null,
     hash bytea not null,
     constraint audit_chain_heads_pkey primary key (stream)
   ) with (fillfactor = 50)`,
  `create table audit_blocks (
     stream text not null,
     block_number bigint not null,
     previous_hash bytea not null,
     entry_ids bigint[] not null,
     entries_digest bytea not null,
     hash bytea not null,
     constraint audit_blocks_pkey primary key (stream, block_number)
   )`,
  `create function audit_block_hash(stream text, block_number bigint, previous_hash bytea, entries_digest bytea) returns bytea
     language sql immutable
     as $$ select sha256(convert_to(stream, 'UTF8') || int8send(block_number) || previous_hash || entries_digest) $$`,

  `lock table device_user_audit_log in share row exclusive mode`,
  seal('device_user_audit_log'),
  `create function device_user_audit_log_chain() returns trigger language plpgsql as $$
   begin
     ${seal('written')};
     return null;
   end $$`,
  `create trigger device_user_audit_log_chain after insert on device_user_audit_log
     referencing new table as written for each statement execute function device_user_audit_log_chain()`,

  `create function audit_blocks_guard() returns trigger language plpgsql as $$
   begin
     raise exception '% is append-only (%)', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
   end $$`,
  `create trigger audit_blocks_append_only before update or delete or truncate on audit_blocks
     for each statement execute function audit_blocks_guard()`,
  `create trigger audit_chain_heads_kept before delete or truncate on audit_chain_heads
     for each statement execute function audit_blocks_guard()`,
];

const DOWN = [
  `drop trigger device_user_audit_log_chain on device_user_audit_log`,
  `drop function device_user_audit_log_chain()`,
  `drop table audit_blocks`,
  `drop table audit_chain_heads`,
  `drop function audit_block_hash(text, bigint, bytea, bytea)`,
  `drop function audit_blocks_guard()`,
];
