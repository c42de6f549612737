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

/** The set of users after a change of it. */
export interface CountRecord {
  readonly at: Date;
  readonly userCount: number;
  readonly userIds: readonly DeviceUserId[];
  /** Compared with the record before; of the first there is, everybody is added. */
  readonly added: readonly DeviceUserId[];
  readonly removed: readonly DeviceUserId[];
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
}
