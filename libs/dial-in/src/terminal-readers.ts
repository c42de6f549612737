import { DeviceError, DeviceGateway, type DeviceReader } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { Injectable } from '@nestjs/common';
import { TerminalPresence } from './terminal-presence.js';

/** Opens read sessions with registered terminals, whichever side dials. */
@Injectable()
export class TerminalReaders {
  constructor(
    private readonly gateway: DeviceGateway,
    private readonly devices: DevicesService,
    private readonly presence: TerminalPresence,
  ) {}

  /**
   * A terminal that dials in and is not here may be at another server; whoever asked must know where to ask.
   * @throws {DeviceError} `device/not-connected`, or as DeviceGateway.openReader
   */
  async open(device: Device, signal: AbortSignal): Promise<DeviceReader> {
    if (device.driver === 'aiface') await this.requireConnected(device);
    return this.gateway.openReader(await this.devices.targetOf(device), { signal });
  }

  /**
   * Whether it is for this server to read a device. One that dials in is read by the server that it is connected to; one
   * that has just gone comes back by itself, and only who stays away is a failure to be told.
   */
  async isOurs(device: Device): Promise<boolean> {
    if (device.driver !== 'aiface') return true;
    const { kind } = await this.presence.whereaboutsOf(device);
    return kind === 'here' || kind === 'absent';
  }

  private async requireConnected(device: Device): Promise<void> {
    const where = await this.presence.whereaboutsOf(device);
    if (where.kind === 'here') return;
    const dialsIn = `"${device.name}" (serial ${device.serialNumber}) dials in`;
    const message =
      where.kind === 'elsewhere'
        ? `${dialsIn}, and is connected to the server process ${where.server}: ask that server, ` +
          `POST /api/devices/${device.id}/sync, or wait for its next run`
        : `${dialsIn}, and is connected to no server; last heard of: ${where.lastHeardAt?.toISOString() ?? 'never'}. ` +
          'See its network and its server settings (docs/devices.md)';
    throw new DeviceError('device/not-connected', message, { stage: 'connect' });
  }
}
