import {
  ADDRESS_DRIVERS,
  type AddressDriver,
  isNetwork,
  NAME_ENCODINGS,
  type NameEncoding,
  type Transport,
  TRANSPORTS,
} from '@app/device-gateway';
import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsTimeZone,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
} from 'class-validator';

/** What of a device can be changed; what is not named stays as it is. */
export class ChangeDeviceBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'Front door' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name?: string;

  @ApiPropertyOptional({ description: 'Whether schedules read it; false pauses it.' })
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

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 260,
    example: '192.168.1.201',
    description:
      'Where it is now: host name or address, with `:port` when it is not 4370. It is asked first who it is.',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(260)
  readonly address?: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 999_999_999, description: 'Comm key; 0: none. Stored encrypted.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(999_999_999)
  readonly comm_key?: number;

  @ApiPropertyOptional({ enum: ADDRESS_DRIVERS })
  @IsOptional()
  @IsIn(ADDRESS_DRIVERS)
  readonly driver?: AddressDriver;

  @ApiPropertyOptional({ enum: TRANSPORTS })
  @IsOptional()
  @IsIn(TRANSPORTS)
  readonly transport?: Transport;

  @ApiPropertyOptional({ enum: NAME_ENCODINGS, description: 'How the terminal stores names.' })
  @IsOptional()
  @IsIn(NAME_ENCODINGS)
  readonly encoding?: NameEncoding;
}
