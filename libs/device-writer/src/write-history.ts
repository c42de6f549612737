import { type Tx } from '@app/database';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type WriteState } from './device-write.entity.js';

/** What was sent to a terminal about one user, for whoever asks what happened to them. */
export interface PastWrite {
  readonly deviceUserId: DeviceUserId;
  /** `put`: updated or restored. */
  readonly kind: 'put' | 'delete';
  readonly state: WriteState;
  readonly at: Date;
  readonly by: string;
}

/** Reads the journal of writes; changes nothing. */
@Injectable()
export class WriteHistory {
  /** The writes about these users that were opened since an instant, oldest first. */
  async findAbout(tx: Tx, deviceId: string, ids: readonly DeviceUserId[], since: Date): Promise<PastWrite[]> {
    return tx.query<PastWrite[]>(
      `select device_user_id as "deviceUserId", case kind when 'delete' then 'delete' else 'put' end as kind, state,
              coalesce(settled_at, opened_at) as at, requested_by as by
         from device_writes
        where device_id = $1 and device_user_id = any($2::text[]) and coalesce(settled_at, opened_at) >= $3
        order by id`,
      [deviceId, ids, since],
    );
  }
}
