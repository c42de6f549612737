import { AppError, BackgroundWork, systemActor } from '@app/kernel';
import { LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { BACKUP_SERVICE } from '../backup-run.js';
import { type DeviceBackup } from '../backup.entities.js';
import { BackupKeys } from '../files/backup-keys.js';
import { BackupDrills } from './backup-drills.service.js';

/** Decides when backups are tried out: one at a time, on one server at a time, and only where they can be opened. */
@Injectable()
export class DrillSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(DrillSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly drills: BackupDrills,
    private readonly keys: BackupKeys,
  ) {}

  @Cron('25 */5 * * * *', { name: 'backup.drill', timeZone: 'UTC', waitForCompletion: true })
  async drillDue(): Promise<void> {
    await this.background.round(async (signal) => {
      if ((await this.keys.identities()).length === 0) return;
      for (const backup of await this.drills.findDue()) {
        if (signal.aborted) return;
        await this.drillAlone(backup, signal);
      }
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async drillAlone(backup: DeviceBackup, signal: AbortSignal): Promise<void> {
    const request = { service: BACKUP_SERVICE, signal };
    try {
      // A drill that outlasts the lease is not spoiled by another one: each has an emulated terminal of its own.
      await this.coordinator.withLease('backup-drill', request, () =>
        this.drills.drill(backup, systemActor, { signal }),
      );
    } catch (error) {
      if (error instanceof LeaseBusyError || signal.aborted) return;
      if (!(error instanceof AppError)) throw error;
      const about = { backup: backup.filename, code: error.code, reason: error.message };
      this.logger.warn({ msg: 'a backup could not be tried out', ...about });
    }
  }
}
