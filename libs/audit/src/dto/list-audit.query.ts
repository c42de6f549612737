import { OptionalDeviceUserId, OptionalInstant, OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional } from 'class-validator';
import { AUDIT_OPERATIONS, type AuditOperation } from '../audit-operation.js';

export class ListAuditQuery extends PageQuery {
  @OptionalRowId('Only entries about this device.')
  readonly device_id?: string;

  @OptionalDeviceUserId('Only entries about this device user')
  readonly device_user_id?: string;

  @ApiPropertyOptional({
    enum: AUDIT_OPERATIONS,
    isArray: true,
    description: 'Only these operations; may be repeated.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsIn(AUDIT_OPERATIONS, { each: true })
  @ArrayMaxSize(AUDIT_OPERATIONS.length)
  readonly operation_type?: AuditOperation[];

  @OptionalInstant('At this instant or later.')
  readonly from?: Date;

  @OptionalInstant('At this instant or earlier.')
  readonly to?: Date;
}
