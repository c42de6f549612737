import { type DeviceUserId, type Role } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export type WriteKind = 'update' | 'delete' | 'restore';
/**
 * `open`: it is not known yet what became of it. `done`: the terminal was read and holds what was wanted. `not_done`: it
 * holds what it held before. `undetermined`: it holds neither, and somebody has to look.
 */
export type WriteState = 'open' | 'done' | 'not_done' | 'undetermined';

/** One write to a terminal: stored before anything is sent, settled by reading the terminal, and never removed. */
@Entity('device_writes')
@Index('device_writes_open', ['deviceId', 'deviceUserId'], { unique: true, where: `state = 'open'` })
@Index('device_writes_deletions_by', ['requestedBy', 'openedAt'], { where: `kind = 'delete'` })
@Index('device_writes_deletions_on', ['deviceId', 'openedAt'], { where: `kind = 'delete'` })
@Check('device_writes_kind', `kind in ('update', 'delete', 'restore')`)
@Check('device_writes_state', `state in ('open', 'done', 'not_done', 'undetermined')`)
@Check(
  'device_writes_before',
  `(kind = 'restore') = (before_digest is null) and (before_digest is null) = (before_sealed is null)`,
)
@Check(
  'device_writes_after',
  `(kind = 'delete') = (after_digest is null) and (after_digest is null) = (after_sealed is null)`,
)
@Check(
  'device_writes_settled',
  `(state = 'open') = (settled_at is null) and (settled_at is null) = (settled_how is null)`,
)
export class DeviceWrite {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: DeviceUserId;
  @Column('text', { name: 'device_user_name', nullable: true }) readonly deviceUserName: string | null;
  @Column('text') readonly kind: WriteKind;
  /** Which WriteConsequence belongs to it. */
  @Column('text') readonly purpose: string;
  /** What the consequence needs to know, also after a restart; no secrets. */
  @Column('jsonb', { name: 'purpose_data', default: {} }) readonly purposeData: Readonly<Record<string, unknown>>;
  @Column('text', { nullable: true }) readonly reason: string | null;
  @Column('text', { name: 'requested_by' }) readonly requestedBy: string;
  @Column('text', { name: 'requested_role' }) readonly requestedRole: Role | 'system';
  /** The user before the write, closed by SecretVault; null: absent. */
  @Column('text', { name: 'before_sealed', nullable: true }) readonly beforeSealed: string | null;
  /** The user as wanted; null: absent. */
  @Column('text', { name: 'after_sealed', nullable: true }) readonly afterSealed: string | null;
  /** As SnapshotSeal.digest has it: equal digests are equal users. */
  @Column('text', { name: 'before_digest', nullable: true }) readonly beforeDigest: string | null;
  @Column('text', { name: 'after_digest', nullable: true }) readonly afterDigest: string | null;
  /** The fencing token of the lease that it was sent under. */
  @Column('bigint', { name: 'lease_token' }) readonly leaseToken: string;
  @Column('text', { default: 'open' }) readonly state: WriteState;
  @Column('timestamptz', { name: 'opened_at', default: () => 'clock_timestamp()' }) readonly openedAt: Date;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) readonly settledAt: Date | null;
  /** Which read settled it: `read back`, `read after restart`, … */
  @Column('text', { name: 'settled_how', nullable: true }) readonly settledHow: string | null;
  /** Why it is not done. */
  @Column('text', { name: 'error_code', nullable: true }) readonly errorCode: string | null;
}

/** A user that an administrator deleted, with everything that it takes to bring it back. */
@Entity('deleted_device_users')
@Index('deleted_device_users_write', ['writeId'], { unique: true })
@Index('deleted_device_users_user', ['deviceId', 'deviceUserId'])
@Check(
  'deleted_device_users_restored',
  `(restored_at is null) = (restored_by is null) and (restored_at is null) = (restore_write_id is null)`,
)
export class DeletedDeviceUser {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: DeviceUserId;
  @Column('text', { nullable: true }) readonly name: string | null;
  /** The slot that it had; null: the terminal has none. */
  @Column('integer', { nullable: true }) readonly slot: number | null;
  /** The driver whose form the snapshot is in. */
  @Column('text') readonly driver: string;
  /** Everything of the user, PIN and templates included, closed by SecretVault. */
  @Column('text', { name: 'snapshot_sealed' }) readonly snapshotSealed: string;
  @Column('text', { name: 'snapshot_digest' }) readonly snapshotDigest: string;
  @Column('text', { name: 'deleted_by' }) readonly deletedBy: string;
  @Column('text') readonly reason: string;
  @Column('bigint', { name: 'write_id' }) readonly writeId: string;
  /** When its absence was proven; null: it is not, or not yet. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) readonly deletedAt: Date | null;
  @Column('timestamptz', { name: 'restored_at', nullable: true }) readonly restoredAt: Date | null;
  @Column('text', { name: 'restored_by', nullable: true }) readonly restoredBy: string | null;
  @Column('bigint', { name: 'restore_write_id', nullable: true }) readonly restoreWriteId: string | null;
}

export const DEVICE_WRITER_ENTITIES = [DeviceWrite, DeletedDeviceUser];
