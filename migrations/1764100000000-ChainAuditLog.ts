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

/** The bytes that a leaf is the digest of; the same text stands in libs/audit/src/audit-chain.ts, which checks it. */
const LEAF = `sha256(convert_to(row(e.id, e.operation_type, e.device_id, e.device_user_id, e.device_user_name,
  e.performed_by, e.service_name, e.details, extract(epoch from e."timestamp"))::text, 'UTF8'))`;
const STREAM = `coalesce('device:' || e.device_id, 'admin')`;

const UP = [
  // Half-empty pages: the head of a stream moves with every block, and stays in its page.
  `create table audit_chain_heads (
     stream text not null,
     block_number bigint not null,
     entry_count bigint not null,
     previous_hash bytea not null,
     hash bytea not null,
     constraint audit_chain_heads_pkey primary key (stream)
   ) with (fillfactor = 50)`,
  `create table audit_blocks (
     stream text not null,
     block_number bigint not null,
     previous_hash bytea not null,
     entry_ids bigint[] not null,
     hash bytea not null,
     constraint audit_blocks_pkey primary key (stream, block_number)
   )`,

  // The head's row lock makes rivals on one stream wait for each other until they commit.
  `create function audit_append_block(appended_stream text, ids bigint[], leaves bytea) returns void language plpgsql as $$
   declare
     head audit_chain_heads%rowtype;
   begin
     loop
       update audit_chain_heads
          set block_number = block_number + 1, entry_count = entry_count + cardinality(ids), previous_hash = hash,
              hash = sha256(convert_to(appended_stream, 'UTF8') || int8send(block_number + 1) || hash || leaves)
        where stream = appended_stream returning * into head;
       exit when found;
       insert into audit_chain_heads values (appended_stream, 0, 0, '', sha256('')) on conflict do nothing;
     end loop;
     insert into audit_blocks values (appended_stream, head.block_number, head.previous_hash, ids, head.hash);
   end $$`,
  `create function device_user_audit_log_chain() returns trigger language plpgsql as $$
   declare
     part record;
   begin
     for part in
       select ${STREAM} as stream, array_agg(e.id order by e.id) as ids, string_agg(${LEAF}, ''::bytea order by e.id) as leaves
         from written e group by 1 order by 1
     loop
       perform audit_append_block(part.stream, part.ids, part.leaves);
     end loop;
     return null;
   end $$`,

  `lock table device_user_audit_log in share row exclusive mode`,
  `select audit_append_block(part.stream, part.ids, part.leaves)
     from (select ${STREAM} as stream, array_agg(e.id order by e.id) as ids,
                  string_agg(${LEAF}, ''::bytea order by e.id) as leaves
             from device_user_audit_log e group by 1 order by 1) part`,
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
  `drop function audit_append_block(text, bigint[], bytea)`,
  `drop table audit_blocks`,
  `drop table audit_chain_heads`,
  `drop function audit_blocks_guard()`,
];
