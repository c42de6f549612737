import { type Tx } from '@app/database';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { HandedOverCredential } from './dial-in.entities.js';

/** The credentials that terminals have handed over by themselves. */
@Injectable()
export class HandedOverCredentials {
  /** Deletes every version of every credential of a user; gives how many there were. */
  async forgetPerson(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<number> {
    const { affected } = await tx.delete(HandedOverCredential, { deviceId, deviceUserId });
    return affected ?? 0;
  }
}
