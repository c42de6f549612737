import {
  DRIVERS,
  type DriverName,
  NAME_ENCODINGS,
  type NameEncoding,
  type Transport,
  TRANSPORTS,
} from '@app/device-gateway';
import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type Device } from '../device.entity.js';

/** A device as the API shows it; never its comm key. */
export class DeviceView {
  @ApiRowId() readonly id: string;
  @ApiProperty({ example: 'front-door' }) readonly slug: string;
  @ApiProperty({ example: 'Front door' }) readonly name: string;
  @ApiProperty({ enum: DRIVERS }) readonly driver: DriverName;
  @ApiProperty({ type: String, nullable: true, example: '192.168.1.201', description: 'null: the terminal dials in.' })
  readonly host: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 4370 }) readonly port: number | null;
  @ApiProperty({ enum: [...TRANSPORTS, 'websocket'] }) readonly transport: Transport | 'websocket';
  @ApiProperty({
    type: String,
    nullable: true,
    example: '192.168.1.0/24',
    description: 'The network that a terminal must dial in from; null: any, or one that is called at its address.',
  })
  readonly network: string | null;
  @ApiProperty({ enum: NAME_ENCODINGS }) readonly encoding: NameEncoding;
  @ApiProperty({ type: String, nullable: true }) readonly time_zone: string | null;
  @ApiProperty({ description: 'Whether a comm key is stored.' }) readonly has_comm_key: boolean;
  @ApiProperty({ type: String, nullable: true }) readonly serial_number: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Serial number of another terminal that answers for this one; accept it, or bring the registered one back.',
  })
  readonly found_serial_number: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Since when.' })
  readonly quarantined_at: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly model: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly platform: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly firmware: string | null;
  @ApiProperty() readonly enabled: boolean;
  @ApiProperty({ description: 'Whether its events are listened to, besides the reads of the schedule.' })
  readonly realtime: boolean;
  @ApiProperty({ description: 'The emulated terminal of the first start.' }) readonly is_demo: boolean;
  @ApiInstant({ nullable: true, description: 'Last complete read.' })
  readonly last_sync_at: string | null;
  @ApiRowId({ nullable: true }) readonly last_run_id: string | null;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Seconds by which the terminal’s clock was ahead at `clock_checked_at`; negative: behind.',
  })
  readonly clock_drift_seconds: number | null;
  @ApiInstant({ nullable: true }) readonly clock_checked_at: string | null;
  @ApiInstant() readonly created_at: string;
}

/** What `POST /api/devices` answers: the device, and what the terminal said about itself a moment ago. */
export class AddedDeviceView extends DeviceView {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Users on the terminal, by its own counter.', example: 312 })
  readonly user_count: number;
  @ApiProperty({ description: 'The terminal’s clock: wall time without a zone.', example: '2026-01-31 09:45:00' })
  readonly device_time: string;
}

export function deviceView(device: Device): DeviceView {
  return {
    id: device.id,
    slug: device.slug,
    name: device.name,
    driver: device.driver,
    host: device.host,
    port: device.port,
    transport: device.transport,
    network: device.network,
    encoding: device.encoding,
    time_zone: device.timeZone,
    has_comm_key: device.commKeyEncrypted !== null,
    serial_number: device.serialNumber,
    found_serial_number: device.foundSerialNumber,
    quarantined_at: device.quarantinedAt?.toISOString() ?? null,
    model: device.model,
    platform: device.platform,
    firmware: device.firmware,
    enabled: device.enabled,
    realtime: device.realtime,
    is_demo: device.isDemo,
    last_sync_at: device.lastSyncAt?.toISOString() ?? null,
    last_run_id: device.lastRunId,
    clock_drift_seconds: device.clockDriftSeconds,
    clock_checked_at: device.clockCheckedAt?.toISOString() ?? null,
    created_at: device.createdAt.toISOString(),
  };
}
