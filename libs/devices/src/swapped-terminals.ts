import { DeviceUserAuditService } from '@app/audit';
import { sqlState, SqlState, type Tx } from '@app/database';
import { type Actor, systemActor } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Device } from './device.entity.js';
import { DeviceAlreadyRegisteredError, NotInQuarantineError } from './devices.errors.js';
import { DevicesService } from './devices.service.js';
import { TerminalAccess } from './terminal-access.js';

/**
 * Another terminal at the address of a registered one. It is never read, since its serial number is not the pinned one;
 * the device is in quarantine until an administrator accepts the new terminal, or the registered one is back.
 */
@Injectable()
export class SwappedTerminals {
  private readonly logger = new Logger(SwappedTerminals.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly devices: DevicesService,
    private readonly access: TerminalAccess,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /** Puts a device into quarantine, told once for each stranger that is found. */
  async quarantine(tx: Tx, device: Device, foundSerialNumber: string): Promise<void> {
    const [, changed] = await tx.query<[unknown, number]>(
      `update devices set quarantined_at = clock_timestamp(), found_serial_number = $2
        where id = $1 and found_serial_number is distinct from $2`,
      [device.id, foundSerialNumber],
    );
    if (changed === 0) return;
    const details = { registered: device.serialNumber, found: foundSerialNumber };
    this.logger.error({
      msg: 'another terminal answers for a registered one; it is not read until an administrator accepts it',
      device_id: device.id,
      device: device.name,
      ...details,
    });
    await this.audit.logOperation(tx, {
      operation: 'terminal_swapped',
      deviceId: device.id,
      performedBy: systemActor,
      serviceName: 'devices',
      details,
    });
  }

  /**
   * Takes the terminal that was found for the registered one from now on: the same door, with the same mappings. It is
   * asked once more who it is.
   * @param serialNumber that of the new terminal, as the administrator read it
   * @throws {NotInQuarantineError} no terminal with this serial number was found there
   * @throws {DeviceError} it does not answer, or is a third one
   * @throws {DeviceAlreadyRegisteredError} that terminal is registered as another device
   */
  async accept(id: string, serialNumber: string, actor: Actor): Promise<Device> {
    const device = await this.devices.get(id);
    if (device.foundSerialNumber !== serialNumber) throw new NotInQuarantineError(device, serialNumber);
    const target = await this.devices.targetOf({ ...device, serialNumber });
    if (target.driver === 'aiface') throw new NotInQuarantineError(device, serialNumber);
    const { identity } = await this.access.introduce(target);
    const { model, platform, firmware } = identity;
    await this.dataSource.transaction(async (tx) => {
      await this.repin(tx, id, {
        serialNumber,
        model: model ?? null,
        platform: platform ?? null,
        firmware: firmware ?? null,
        quarantinedAt: null,
        foundSerialNumber: null,
      });
      await this.audit.logOperation(tx, {
        operation: 'terminal_accepted',
        deviceId: id,
        performedBy: actor,
        serviceName: 'devices',
        details: { registered: device.serialNumber, accepted: serialNumber },
      });
    });
    return this.devices.get(id);
  }

  private async repin(tx: Tx, id: string, change: Partial<Device>): Promise<void> {
    try {
      await tx.update(Device, { id }, change);
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      const rival = await this.devices.findBySerialNumber(change.serialNumber ?? '');
      if (!rival) throw error;
      throw new DeviceAlreadyRegisteredError(`The terminal with serial number ${change.serialNumber}`, rival);
    }
  }
}
