import { OptionalDeviceUserId, OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { CONFLICT_TYPES, type ConflictType } from '../conflict.entity.js';

export class ListConflictsQuery extends PageQuery {
  @OptionalRowId('Only conflicts on this device.')
  readonly device_id?: string;

  @OptionalDeviceUserId('Only conflicts of the user with this ID')
  readonly device_user_id?: string;

  @ApiPropertyOptional({ enum: CONFLICT_TYPES, description: 'Only conflicts of this type.' })
  @IsOptional()
  @IsIn(CONFLICT_TYPES)
  readonly type?: ConflictType;

  @ApiPropertyOptional({ type: Boolean, default: false, description: 'true: those that are settled or have vanished.' })
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'resolved must be true or false' })
  readonly resolved: boolean = false;
}
