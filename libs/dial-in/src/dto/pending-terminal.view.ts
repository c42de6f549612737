import { ApiInstant, snakeCased } from '@app/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, IsTimeZone, Matches, MaxLength, MinLength } from 'class-validator';
import { type PendingTerminal } from '../dial-in.entities.js';

/** A terminal that dials in and waits for an administrator. Nothing of it is proven. */
export class PendingTerminalView {
  @ApiProperty({ example: 'AYTH25061234' }) readonly serial_number: string;
  @ApiProperty({ description: 'Where it dialled in from the last time.', example: '192.168.1.64' })
  readonly address: string;
  @ApiProperty({ type: String, nullable: true, example: 'AiFace' }) readonly model: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'ai806_f06v_v5.17' }) readonly firmware: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly mac: string | null;
  @ApiProperty({
    type: Object,
    description: 'What it says it holds: users, fingerprints, faces, palms, cards, pins, punches, new_punches.',
    example: { users: 312, faces: 301 },
  })
  readonly counters: object;
  @ApiProperty({ type: Object, description: 'What it says it can hold.', example: { users: 5000, punches: 500000 } })
  readonly capacity: object;
  @ApiInstant() readonly first_seen_at: string;
  @ApiInstant() readonly last_seen_at: string;
}

/** Names a terminal in a path. */
export class SerialNumberParam {
  @ApiProperty({
    pattern: '^[\\x21-\\x7e]{1,64}$',
    example: 'AYTH25061234',
    description: 'The serial number that the terminal shows.',
  })
  @Matches(/^[\x21-\x7e]{1,64}$/, { message: 'serial_number must be 1 to 64 visible ASCII characters' })
  readonly serial_number: string;
}

/** What an administrator tells about a terminal that is to be adopted. */
export class AdoptTerminalBody {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'Front door' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name: string;

  @ApiPropertyOptional({
    description:
      'IANA zone of its site: its clock is set to the local time there. TIME_ZONE unless given, which is that of the server unless set.',
    example: 'Africa/Addis_Ababa',
  })
  @IsOptional()
  @IsTimeZone()
  readonly time_zone?: string;
}

export function pendingTerminalView(terminal: PendingTerminal): PendingTerminalView {
  return {
    serial_number: terminal.serialNumber,
    address: terminal.address,
    model: terminal.model,
    firmware: terminal.firmware,
    mac: terminal.mac,
    counters: snakeCased(terminal.counters),
    capacity: snakeCased(terminal.capacity),
    first_seen_at: terminal.firstSeenAt.toISOString(),
    last_seen_at: terminal.lastSeenAt.toISOString(),
  };
}
