import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';

/** Which terminal takes the place of the registered one. */
export class AcceptTerminalBody {
  @ApiProperty({
    minLength: 1,
    maxLength: 64,
    example: 'AF6V211060042',
    description: 'The serial number of the new terminal, as `found_serial_number` shows it.',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  readonly serial_number: string;
}
