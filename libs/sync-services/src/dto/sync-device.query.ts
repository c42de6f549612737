import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';

export class SyncDeviceQuery {
  @ApiPropertyOptional({ type: Boolean, default: true, description: 'false: answer as soon as the run has begun.' })
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  readonly wait: boolean = true;
}
