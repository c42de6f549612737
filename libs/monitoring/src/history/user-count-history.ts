import { type Tx } from '@app/database';
import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { Between, DataSource, LessThan } from 'typeorm';
import { DeviceUserCount } from '../monitoring.entities.js';

/** A range of time, both ends included. */
export interface CountRange {
  readonly from: Date;
  readonly to: Date;
}

/** A change of the set of users. */
export interface CountChange {
  readonly at: Date;
  readonly userCount: number;
  /** Compared with the record before; of the first there is, everybody is added. */
  readonly added: readonly DeviceUserId[];
  readonly removed: readonly DeviceUserId[];
}

/** A change, with the set as it was afterwards. */
export interface CountRecord extends CountChange {
  readonly userIds: readonly DeviceUserId[];
}

/** The newest changes of a range, oldest first. */
export interface CountChanges {
  readonly newest: readonly CountChange[];
  /** How many came before these, in the same range. */
  readonly earlier: number;
}

interface ChangeRow {
  readonly at: Date;
  readonly user_count: number;
  readonly added: DeviceUserId[];
  readonly removed: DeviceUserId[];
  readonly of: number;
}

/** Keeps the set of IDs at each change of it (requirement 9.4). */
@Injectable()
export class UserCountHistory {
  constructor(private readonly dataSource: DataSource) {}

  /** A record if these are others than before; in the fenced transaction of a complete read. */
  async note(tx: Tx, deviceId: string, ids: readonly DeviceUserId[], at: Date): Promise<void> {
    const userIds = ids.toSorted(compareDeviceUserIds);
    const last = await tx.findOne(DeviceUserCount, { where: { deviceId }, order: { timestamp: 'DESC' } });
    if (last && last.userIds.join('\n') === userIds.join('\n')) return;
    // Times increase, even where the clock was set back.
    const timestamp = last && last.timestamp >= at ? new Date(last.timestamp.getTime() + 1) : at;
    await tx.insert(DeviceUserCount, { deviceId, userCount: userIds.length, userIds, timestamp });
  }

  /** The changes within a range, oldest first. */
  async find(deviceId: string, { from, to }: CountRange): Promise<CountRecord[]> {
    const records = this.dataSource.getRepository(DeviceUserCount);
    const before = await records.findOne({
      where: { deviceId, timestamp: LessThan(from) },
      order: { timestamp: 'DESC' },
    });
    const found = await records.find({
      where: { deviceId, timestamp: Between(from, to) },
      order: { timestamp: 'ASC' },
    });
    return found.map(({ timestamp: at, userCount, userIds }, i) => {
      const previous = new Set((i === 0 ? before : found[i - 1])?.userIds);
      const now = new Set(userIds);
      return {
        at,
        userCount,
        userIds,
        added: userIds.filter((id) => !previous.has(id)),
        removed: [...previous].filter((id) => !now.has(id)),
      };
    });
  }

  /** At most `limit` changes within a range, the newest; the sets themselves stay in the database. */
  async findChanges(deviceId: string, { from, to }: CountRange, limit: number): Promise<CountChanges> {
    const rows = await this.dataSource.query<ChangeRow[]>(
      `select now."timestamp" as at, now.user_count, now.of,
              array(select unnest(now.user_ids) except select unnest(before.user_ids)) as added,
              array(select unnest(before.user_ids) except select unnest(now.user_ids)) as removed
         from (select "timestamp", user_count, user_ids, count(*) over ()::int as of from device_user_count_history
                where device_id = $1 and "timestamp" between $2 and $3 order by "timestamp" desc limit $4) now
         left join lateral (select user_ids from device_user_count_history
                where device_id = $1 and "timestamp" < now."timestamp" order by "timestamp" desc limit 1) before on true
        order by now."timestamp"`,
      [deviceId, from, to, limit],
    );
    const newest = rows.map(({ at, user_count: userCount, added, removed }) => ({
      at,
      userCount,
      added: added.toSorted(compareDeviceUserIds),
      removed: removed.toSorted(compareDeviceUserIds),
    }));
    return { newest, earlier: (rows[0]?.of ?? 0) - rows.length };
  }
}
