import { DeviceUserBufferService } from '@app/buffer';
import { type Tx } from '@app/database';
import { SnapshotErasure } from '@app/device-writer';
import { HandedOverCredentials } from '@app/dial-in';
import { type DeviceUserId } from '@app/kernel';
import { DeviceRoster } from '@app/monitoring';
import { Injectable } from '@nestjs/common';

/** Takes out of the database what it holds of one device user: every table by whoever it belongs to. docs/erasure.md tells what stays. */
@Injectable()
export class ErasureScrub {
  constructor(
    private readonly snapshots: SnapshotErasure,
    private readonly credentials: HandedOverCredentials,
    private readonly buffer: DeviceUserBufferService,
    private readonly roster: DeviceRoster,
  ) {}

  /** In a transaction of the device's lease. @throws {WritePendingError} */
  async scrub(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<void> {
    await this.snapshots.erase(tx, deviceId, deviceUserId);
    await this.credentials.forgetPerson(tx, deviceId, deviceUserId);
    await this.buffer.forgetPerson(tx, deviceId, deviceUserId);
    await this.roster.forgetPerson(tx, deviceId, deviceUserId);
    await tx.query(
      `update restore_items i set name = null from restores r
        where r.id = i.restore_id and r.device_id = $1 and i.device_user_id = $2 and i.name is not null`,
      [deviceId, deviceUserId],
    );
  }
}
