import { PageQuery } from '@app/http';
import { canonicalDeviceUserId } from '@app/kernel';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsDate, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { AUDIT_OPERATIONS, type AuditOperation } from '../audit-operation.js';

const INSTANT = { type: String, format: 'date-time' } as const;

export class ListAuditQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only entries about this device.', example: '1' })
  @IsOptional()
  @Matches(/^[1-9][0-9]{0,17}$/, { message: 'device_id must be a positive whole number' })
  readonly device_id?: string;

  @ApiPropertyOptional({
    description: 'Only entries about this device user; leading zeros do not matter.',
    example: '9001',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? canonicalDeviceUserId(value) : value))
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

  @ApiPropertyOptional({ ...INSTANT, description: 'At this instant or later.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly from?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'At this instant or earlier.' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly to?: Date;
}
