import { type AifaceCapacity, type AifaceCounters } from '@app/aiface-protocol';
import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** A terminal that dials in and that nobody has registered: it is shown, and nothing it sends is believed. */
@Entity('pending_terminals')
@Index('pending_terminals_last_seen_at', ['lastSeenAt'])
export class PendingTerminal {
  @PrimaryColumn('text', { name: 'serial_number', primaryKeyConstraintName: 'pending_terminals_pkey' })
  readonly serialNumber: string;
  @Column('text') readonly address: string;
  @Column('text', { nullable: true }) readonly model: string | null;
  @Column('text', { nullable: true }) readonly firmware: string | null;
  @Column('text', { name: 'fingerprint_algorithm', nullable: true }) readonly fingerprintAlgorithm: string | null;
  @Column('text', { nullable: true }) readonly mac: string | null;
  @Column('jsonb') readonly counters: AifaceCounters;
  @Column('jsonb') readonly capacity: AifaceCapacity;
  @Column('timestamptz', { name: 'first_seen_at', default: () => 'clock_timestamp()' }) readonly firstSeenAt: Date;
  @Column('timestamptz', { name: 'last_seen_at', default: () => 'clock_timestamp()' }) readonly lastSeenAt: Date;
}

/** Which server a terminal is connected to, or was. */
@Entity('terminal_presence')
export class TerminalPresenceRow {
  @PrimaryColumn('text', { name: 'serial_number', primaryKeyConstraintName: 'terminal_presence_pkey' })
  readonly serialNumber: string;
  /** `host:pid` */
  @Column('text') readonly server: string;
  @Column('text') readonly address: string;
  @Column('timestamptz', { name: 'connected_at' }) readonly connectedAt: Date;
  @Column('timestamptz', { name: 'last_heard_at' }) readonly lastHeardAt: Date;
  @Column('timestamptz', { name: 'disconnected_at', nullable: true }) readonly disconnectedAt: Date | null;
}

/** A credential that a terminal has handed over, in every version; its contents are encrypted. */
@Entity('handed_over_credentials')
@Index('handed_over_credentials_version', ['deviceId', 'deviceUserId', 'backupNumber', 'recordFingerprint'], {
  unique: true,
})
export class HandedOverCredential {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('text', { name: 'device_user_id' }) readonly deviceUserId: string;
  /** Which one it is: aiface-protocol, section 3.2. */
  @Column('smallint', { name: 'backup_number' }) readonly backupNumber: number;
  /** The ID as the terminal wrote it. */
  @Column('text', { name: 'raw_user_id' }) readonly rawUserId: string;
  @Column('text', { nullable: true }) readonly name: string | null;
  @Column('smallint') readonly privilege: number;
  /** Opened by SecretVault only: the JSON of the record, so that a number stays a number. */
  @Column('text', { name: 'record_encrypted' }) readonly recordEncrypted: string;
  /** Keyed digest of the record; the same record has the same one. */
  @Column('bytea', { name: 'record_fingerprint' }) readonly recordFingerprint: Buffer;
  /** What else the terminal told of the user. */
  @Column('jsonb') readonly extra: object;
  /** Fingerprints of different algorithms cannot be exchanged. */
  @Column('text', { name: 'fingerprint_algorithm', nullable: true }) readonly fingerprintAlgorithm: string | null;
  @Column('timestamptz', { name: 'first_received_at', default: () => 'clock_timestamp()' })
  readonly firstReceivedAt: Date;
  @Column('timestamptz', { name: 'last_received_at', default: () => 'clock_timestamp()' })
  readonly lastReceivedAt: Date;
}

export const DIAL_IN_ENTITIES = [PendingTerminal, TerminalPresenceRow, HandedOverCredential];
