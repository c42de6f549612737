import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A request that was sent with an Idempotency-Key, and how it was answered; kept for a day. */
@Entity('idempotency_keys')
@Index('idempotency_keys_expires_at', ['expiresAt'])
@Check('idempotency_keys_answer', `(state = 'in_progress') = (status is null)`)
@Check('idempotency_keys_state', `state in ('in_progress', 'answered', 'unkept')`)
export class IdempotencyKeyRow {
  /** As in the audit log. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' }) readonly actor: string;
  /** SHA-256 of the key, which itself is not kept: the digest below is keyed with it. */
  @PrimaryColumn('bytea', { name: 'key_hash', primaryKeyConstraintName: 'idempotency_keys_pkey' })
  readonly keyHash: Buffer;
  /** Method and path, without the query. */
  @Column('text') readonly request: string;
  /** HMAC of the whole request under the key, so that a short secret in a body cannot be guessed from it. */
  @Column('bytea') readonly digest: Buffer;
  /** `unkept`: done, but its answer is not to be given again. */
  @Column('text') readonly state: 'in_progress' | 'answered' | 'unkept';
  /** Of this attempt: who was taken over can no longer answer for the key. */
  @Column('uuid') readonly attempt: string;
  @Column('smallint', { nullable: true }) readonly status: number | null;
  @Column('jsonb', { nullable: true }) readonly headers: Readonly<Record<string, string>> | null;
  @Column('text', { nullable: true }) readonly body: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' }) readonly createdAt: Date;
  @Column('timestamptz', { name: 'expires_at' }) readonly expiresAt: Date;
}

export const IDEMPOTENCY_ENTITIES = [IdempotencyKeyRow];
