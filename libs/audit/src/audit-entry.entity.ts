import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { AuditBlock, AuditChainHead } from './audit-block.entity.js';
import { type AuditDetails, type AuditOperation } from './audit-operation.js';

/** One thing that happened. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE. */
@Entity('device_user_audit_log')
@Index('device_user_audit_log_operation', ['operation'])
@Index('device_user_audit_log_user', ['deviceId', 'deviceUserId'])
@Index('device_user_audit_log_timestamp', ['timestamp'])
export class AuditEntry {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;
  @Column('text', { name: 'operation_type' }) readonly operation: AuditOperation;
  @Column('bigint', { name: 'device_id', nullable: true }) readonly deviceId: string | null;
  @Column('text', { name: 'device_user_id', nullable: true }) readonly deviceUserId: string | null;
  @Column('text', { name: 'device_user_name', nullable: true }) readonly deviceUserName: string | null;
  @Column('text', { name: 'performed_by' }) readonly performedBy: string;
  @Column('text', { name: 'service_name' }) readonly serviceName: string;
  @Column('jsonb', { default: {} }) readonly details: AuditDetails;
  /** From the database's clock. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' }) readonly timestamp: Date;
}

export const AUDIT_ENTITIES = [AuditEntry, AuditBlock, AuditChainHead];
