import { type Tx } from '@app/database';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DeviceWrite } from './device-write.entity.js';
import { WritePendingError } from './device-writer.errors.js';

/** Stands where a sealed snapshot stood that was erased for good. */
export const ERASED_SNAPSHOT = 'erased';

/** Takes out of the journal what it holds of a user: the rows stay, and tell who did what and when. */
@Injectable()
export class SnapshotErasure {
  /**
   * Every sealed snapshot of the user, and every name; in a transaction of the device's lease. Deletions of the user cannot be
   * undone any more.
   * @throws {WritePendingError} what became of a write to the user is not known yet, and its snapshots are needed to tell
   */
  async erase(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<void> {
    const open = await tx.findOneBy(DeviceWrite, { deviceId, deviceUserId, state: 'open' });
    if (open) throw new WritePendingError(deviceUserId, open.id);
    await tx.query(
      `update device_writes
          set before_sealed = case when before_sealed is not null then $3 end,
              after_sealed = case when after_sealed is not null then $3 end, device_user_name = null
        where device_id = $1 and device_user_id = $2
          and (before_sealed <> $3 or after_sealed <> $3 or device_user_name is not null)`,
      [deviceId, deviceUserId, ERASED_SNAPSHOT],
    );
    await tx.query(
      `update deleted_device_users set snapshot_sealed = $3, name = null
        where device_id = $1 and device_user_id = $2 and (snapshot_sealed <> $3 or name is not null)`,
      [deviceId, deviceUserId, ERASED_SNAPSHOT],
    );
  }
}
