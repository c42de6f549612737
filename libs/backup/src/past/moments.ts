import { type DeviceUserId } from '@app/kernel';
import { DeviceUserPast, type PastStay } from '@app/monitoring';
import { Injectable } from '@nestjs/common';
import { BackupWitnesses } from './backup-witness.js';
import { type Moment } from './moment.js';

/** Gathers what is known of a terminal around a moment. */
@Injectable()
export class Moments {
  constructor(
    private readonly past: DeviceUserPast,
    private readonly witnesses: BackupWitnesses,
  ) {}

  async find(deviceId: string, at: Date): Promise<Moment> {
    const reads = await this.past.findReadsAround(deviceId, at);
    const stays = await this.past.findPresentAround(deviceId, at, reads);
    return {
      at,
      reads,
      stays: new Map(stays.map((stay): [DeviceUserId, PastStay] => [stay.deviceUserId, stay])),
      backupBefore: await this.witnesses.findBefore(deviceId, at),
      backupAfter: await this.witnesses.findAfter(deviceId, at),
    };
  }
}
