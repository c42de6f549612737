import { type Tx } from '@app/database';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** The last instant there is: whoever is still on the terminal is in backups that will be made, too. */
const FOR_EVER = new Date(8_640_000_000_000_000);

/** Tells who must not come back, and from what. */
@Injectable()
export class Suppressions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Whoever was erased from a device, each with an instant: from what was taken then or before, they must not come back.
   * That is when their absence was proven, and not when it was asked for: a backup in between still has them. Whoever is
   * enrolled anew with that ID, and is in a later backup, may come back.
   */
  async suppressed(deviceId: string, tx: Tx = this.dataSource.manager): Promise<ReadonlyMap<DeviceUserId, Date>> {
    const rows = await tx.query<{ id: DeviceUserId; until: Date | null }[]>(
      `select device_user_id as id,
              case when bool_and(live_state in ('removed', 'absent')) then max(greatest(settled_at, erased_at)) end as until
         from erasures where device_id = $1 group by device_user_id`,
      [deviceId],
    );
    return new Map(rows.map(({ id, until }) => [id, until ?? FOR_EVER]));
  }

  /** Whom a restore of a backup must refuse: who was erased from the terminal it goes to, or from the one it is of. */
  async refusedFrom(
    backup: { readonly deviceId: string; readonly takenAt: Date },
    targetDeviceId: string,
    tx: Tx = this.dataSource.manager,
  ): Promise<ReadonlySet<DeviceUserId>> {
    const refused = new Set<DeviceUserId>();
    for (const deviceId of new Set([backup.deviceId, targetDeviceId]))
      for (const [id, until] of await this.suppressed(deviceId, tx)) if (backup.takenAt <= until) refused.add(id);
    return refused;
  }
}
