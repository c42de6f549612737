import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The entries that one statement wrote to one stream, sealed with those before them. Append-only, made by a trigger. */
@Entity('audit_blocks')
export class AuditBlock {
  /** `device:<id>`, or `admin` for what concerns no device. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'audit_blocks_pkey' }) readonly stream: string;
  /** From 1, without gaps. */
  @PrimaryColumn('bigint', { name: 'block_number', primaryKeyConstraintName: 'audit_blocks_pkey' })
  readonly blockNumber: string;
  @Column('bytea', { name: 'previous_hash' }) readonly previousHash: Buffer;
  @Column('bigint', { name: 'entry_ids', array: true }) readonly entryIds: string[];
  /** Of the digests of the entries, in the order of their ids. */
  @Column('bytea', { name: 'entries_digest' }) readonly entriesDigest: Buffer;
  /** Of the stream, the number, the previous hash and the digest of the entries. */
  @Column('bytea') readonly hash: Buffer;
}

/** Where the chain of a stream ends, so that a cut at its end is noticed too. */
@Entity('audit_chain_heads')
export class AuditChainHead {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'audit_chain_heads_pkey' }) readonly stream: string;
  @Column('bigint', { name: 'block_number' }) readonly blockNumber: string;
  @Column('bigint', { name: 'entry_count' }) readonly entryCount: string;
  @Column('bytea', { name: 'previous_hash' }) readonly previousHash: Buffer;
  @Column('bytea', { name: 'entries_digest' }) readonly entriesDigest: Buffer;
  @Column('bytea') readonly hash: Buffer;
}
