import { type Device } from '@app/devices';
import { DeletionPrecaution, DeletionPrecautions, type IntendedDeletion } from '@app/device-writer';
import { Clock } from '@app/kernel';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BackupCatalogue } from './backup-catalogue.js';
import { BackupRun } from './backup-run.js';

const FRESH_MS = 6 * 60 * 60_000;

/** Nobody is deleted from a terminal before a backup of the last six hours holds him (safety design 3). */
@Injectable()
export class DeletionBackup extends DeletionPrecaution implements OnModuleInit {
  constructor(
    private readonly precautions: DeletionPrecautions,
    private readonly catalogue: BackupCatalogue,
    private readonly backups: BackupRun,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.precautions.register(this);
  }

  override async take(device: Device, { deviceUserId, actor, signal }: IntendedDeletion): Promise<void> {
    const since = new Date(this.clock.now().getTime() - FRESH_MS);
    if (await this.catalogue.findRecentWith(device.id, deviceUserId, since)) return;
    await this.backups.execute(device, { trigger: 'before_deletion', actor, signal });
  }
}
