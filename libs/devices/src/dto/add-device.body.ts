import {
  ADDRESS_DRIVERS,
  type AddressDriver,
  NAME_ENCODINGS,
  type NameEncoding,
  type Transport,
  TRANSPORTS,
} from '@app/device-gateway';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsTimeZone, Max, MaxLength, Min, MinLength } from 'class-validator';

/** How to reach a terminal that is called at its address. */
export class ReachBody {
  @ApiProperty({
    minLength: 1,
    maxLength: 260,
    description: 'Host name or address, with `:port` when it is not 4370.',
    example: '192.168.1.201',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(260)
  readonly address: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 999_999_999,
    default: 0,
    description: 'Comm key; 0: none. Stored encrypted.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(999_999_999)
  readonly comm_key: number = 0;

  @ApiPropertyOptional({ enum: ADDRESS_DRIVERS, default: 'zk' })
  @IsOptional()
  @IsIn(ADDRESS_DRIVERS)
  readonly driver: AddressDriver = 'zk';

  @ApiPropertyOptional({ enum: TRANSPORTS, default: 'tcp' })
  @IsOptional()
  @IsIn(TRANSPORTS)
  readonly transport: Transport = 'tcp';

  @ApiPropertyOptional({ enum: NAME_ENCODINGS, default: 'auto', description: 'How the terminal stores names.' })
  @IsOptional()
  @IsIn(NAME_ENCODINGS)
  readonly encoding: NameEncoding = 'auto';
}

/** What an administrator tells about a terminal; all else is asked from the terminal itself. */
export class AddDeviceBody extends ReachBody {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'Front door' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name: string;

  @ApiPropertyOptional({ description: 'IANA zone of the terminal’s clock.', example: 'Africa/Addis_Ababa' })
  @IsOptional()
  @IsTimeZone()
  readonly time_zone?: string;
}
