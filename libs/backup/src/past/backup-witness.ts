import { type SnapshotProtocol } from '@app/device-writer';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What a backup tells of a moment: who was on the terminal when it was taken. */
export interface BackupWitness {
  readonly id: string;
  readonly filename: string;
  readonly takenAt: Date;
  readonly protocol: SnapshotProtocol;
  readonly userIds: ReadonlySet<DeviceUserId>;
}

type WitnessRow = Omit<BackupWitness, 'userIds'> & { readonly ids: DeviceUserId[] };

/** Reads the catalogue of backups as a record of who was where. A backup that is not valid any more tells nothing. */
@Injectable()
export class BackupWitnesses {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest backup of a device at or before a moment. */
  async findBefore(deviceId: string, at: Date): Promise<BackupWitness | undefined> {
    return this.find(deviceId, at, 'taken_at <= $2 order by taken_at desc, id desc');
  }

  /** The oldest backup of a device after a moment. */
  async findAfter(deviceId: string, at: Date): Promise<BackupWitness | undefined> {
    return this.find(deviceId, at, 'taken_at > $2 order by taken_at, id');
  }

  private async find(deviceId: string, at: Date, which: string): Promise<BackupWitness | undefined> {
    const [row] = await this.dataSource.query<WitnessRow[]>(
      `select id, filename, taken_at as "takenAt", protocol, user_ids as ids from device_backups
        where device_id = $1 and state = 'valid' and ${which} limit 1`,
      [deviceId, at],
    );
    if (!row) return undefined;
    const { ids, ...facts } = row;
    return { ...facts, userIds: new Set(ids) };
  }
}
