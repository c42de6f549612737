import { isNetwork } from '@app/device-gateway';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, IsTimeZone, MaxLength, MinLength, ValidateBy } from 'class-validator';

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

  @ApiPropertyOptional({ description: 'Whether its events are listened to; for the drivers "zk" and "aiface".' })
  @IsOptional()
  @IsBoolean()
  readonly realtime?: boolean;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '192.168.1.0/24',
    description: 'The network that a terminal must dial in from; null: any.',
  })
  @IsOptional()
  @ValidateBy(
    { name: 'network', validator: { validate: (text: unknown) => typeof text === 'string' && isNetwork(text) } },
    { message: '$property must be an address with a prefix length, such as 192.168.1.0/24' },
  )
  readonly network?: string | null;

  @ApiPropertyOptional({
    description: 'IANA zone of the terminal’s clock, for punches imported from now on.',
    example: 'Africa/Addis_Ababa',
  })
  @IsOptional()
  @IsTimeZone()
  readonly time_zone?: string;
}
