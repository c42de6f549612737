import type { DriverName, NameEncoding, Transport } from '@app/device-gateway';
import { Check, Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** A registered terminal: how to reach it, who it proved to be, when it was last read completely. */
@Entity('devices')
@Index('devices_slug', ['slug'], { unique: true })
@Index('devices_address', ['host', 'port', 'transport'], { unique: true, where: 'enabled' })
@Index('devices_serial_number', ['serialNumber'], { unique: true })
@Check('devices_driver', `driver in ('zk', 'node-zklib', 'aiface')`)
@Check('devices_reach', `(driver = 'aiface') = (host is null) and (host is null) = (port is null)`)
@Check('devices_quarantine', `(quarantined_at is null) = (found_serial_number is null)`)
@Check('devices_port', 'port between 1 and 65535')
@Check('devices_transport', `transport in ('tcp', 'udp', 'websocket')`)
export class Device {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string; // pg returns bigint as a decimal string
  /** Short name for commands and file names, unique. */
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text') driver: DriverName;
  /** Null, as the port is: the terminal dials in. */
  @Column('text', { nullable: true }) host: string | null;
  @Column('integer', { nullable: true }) port: number | null;
  @Column('text') transport: Transport | 'websocket';
  /** The network, as `192.168.1.0/24`, that a terminal must dial in from; null: any. */
  @Column('text', { nullable: true }) network: string | null;
  @Column('text', { default: 'auto' }) encoding: NameEncoding;
  /** IANA name of the zone that the terminal's clock shows; null: not told. */
  @Column('text', { name: 'time_zone', nullable: true }) timeZone: string | null;
  /** Opened by SecretVault only; null: no comm key. */
  @Column('text', { name: 'comm_key_encrypted', nullable: true }) commKeyEncrypted: string | null;
  /** Pinned when the device was added: another serial number at the address fails every read. */
  @Column('text', { name: 'serial_number', nullable: true }) serialNumber: string | null;
  /** Since when another terminal has been answering for this one; null: it is itself. */
  @Column('timestamptz', { name: 'quarantined_at', nullable: true }) quarantinedAt: Date | null;
  @Column('text', { name: 'found_serial_number', nullable: true }) foundSerialNumber: string | null;
  @Column('text', { nullable: true }) model: string | null;
  @Column('text', { nullable: true }) platform: string | null;
  @Column('text', { nullable: true }) firmware: string | null;
  @Column('boolean', { default: true }) enabled: boolean;
  /** The emulated terminal of the first start; never a real one. */
  @Column('boolean', { name: 'is_demo', default: false }) isDemo: boolean;
  /** Whether its events are listened to, besides the reads of the schedule. */
  @Column('boolean', { default: false }) realtime: boolean;
  /** By how much the terminal's clock was ahead of ours when it was last asked; never corrected by us. */
  @Column('double precision', { name: 'clock_drift_seconds', nullable: true }) clockDriftSeconds: number | null;
  @Column('timestamptz', { name: 'clock_checked_at', nullable: true }) clockCheckedAt: Date | null;
  /** End of the last complete read that was stored. */
  @Column('timestamptz', { name: 'last_sync_at', nullable: true }) lastSyncAt: Date | null;
  @Column('bigint', { name: 'last_run_id', nullable: true }) lastRunId: string | null;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) readonly createdAt: Date;
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) readonly updatedAt: Date;
}

export const DEVICE_ENTITIES = [Device];
