import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, IsTimeZone, MaxLength, MinLength } from 'class-validator';

/** What of a device can be changed; what is not named stays as it is. */
export class ChangeDeviceBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'Front door' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name?: string;

  @ApiPropertyOptional({ description: 'Whether schedules read it.' })
  @IsOptional()
  @IsBoolean()
  readonly enabled?: boolean;

  @ApiPropertyOptional({ description: 'Whether its events are listened to; for the driver "zk".' })
  @IsOptional()
  @IsBoolean()
  readonly realtime?: boolean;

  @ApiPropertyOptional({
    description: 'IANA zone of the terminal’s clock, for punches imported from now on.',
    example: 'Africa/Addis_Ababa',
  })
  @IsOptional()
  @IsTimeZone()
  readonly time_zone?: string;
}
