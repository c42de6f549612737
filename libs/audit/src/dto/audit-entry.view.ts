import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type AuditEntry } from '../audit-entry.entity.js';
import { AUDIT_OPERATIONS, type AuditOperation } from '../audit-operation.js';

/** An audit entry as the API shows it. */
export class AuditEntryView {
  @ApiRowId({ example: '4711' }) readonly id: string;
  @ApiProperty({ enum: AUDIT_OPERATIONS }) readonly operation_type: AuditOperation;
  @ApiRowId({ nullable: true }) readonly device_id: string | null;
  @ApiProperty({ type: String, nullable: true, example: '9001' }) readonly device_user_id: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'Mina Ward' }) readonly device_user_name: string | null;
  @ApiProperty({
    example: 'admin-token',
    description: 'An administrator, the program itself, or the holder of a lease.',
  })
  readonly performed_by: string;
  @ApiProperty({ example: 'machineSyncService' }) readonly service_name: string;
  @ApiProperty({
    type: Object,
    example: { sync_run_id: '12' },
    description: 'Facts of this operation; never a PIN or a template.',
  })
  readonly details: Readonly<Record<string, unknown>>;
  @ApiInstant({ description: 'By the database’s clock.' }) readonly timestamp: string;
}

export function auditEntryView(entry: AuditEntry): AuditEntryView {
  return {
    id: entry.id,
    operation_type: entry.operation,
    device_id: entry.deviceId,
    device_user_id: entry.deviceUserId,
    device_user_name: entry.deviceUserName,
    performed_by: entry.performedBy,
    service_name: entry.serviceName,
    details: entry.details,
    timestamp: entry.timestamp.toISOString(),
  };
}
