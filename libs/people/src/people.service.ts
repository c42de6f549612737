import { type Tx } from '@app/database';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { UserMapping } from './user-mapping.entity.js';

/** Knows who is whom: people, and which device user is mapped to which of them. */
@Injectable()
export class PeopleService {
  /** The IDs of one device that are mapped to somebody now. */
  async mappedUserIds(tx: Tx, deviceId: string): Promise<ReadonlySet<DeviceUserId>> {
    const rows = await tx
      .createQueryBuilder(UserMapping, 'mapping')
      .select('mapping.deviceUserId', 'id')
      .where('mapping.deviceId = :deviceId and mapping.validTo is null', { deviceId })
      .getRawMany<{ id: string }>();
    return new Set(rows.map(({ id }) => id as DeviceUserId));
  }
}
