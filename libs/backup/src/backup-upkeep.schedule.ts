import { BackgroundWork, systemActor } from '@app/kernel';
import { LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { BACKUP_SERVICE } from './backup-run.js';
import { BackupUpkeep } from './backup-upkeep.js';

/** Decides when old backups go (every night) and when all files are read again (every Sunday): one server at a time. */
@Injectable()
export class BackupUpkeepSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly upkeep: BackupUpkeep,
  ) {}

  @Cron('40 3 * * *', { name: 'backup.retention', timeZone: 'UTC', waitForCompletion: true })
  async removeOld(): Promise<void> {
    await this.alone(async () => void (await this.upkeep.removeOld(systemActor)));
  }

  @Cron('20 4 * * 0', { name: 'backup.verification', timeZone: 'UTC', waitForCompletion: true })
  async verifyAll(): Promise<void> {
    await this.alone(async (signal) => {
      const looks = this.upkeep.verifyAll(systemActor)[Symbol.asyncIterator]();
      while (!signal.aborted && !(await looks.next()).done);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async alone(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.background.round(async (signal) => {
      try {
        await this.coordinator.withLease('backup-upkeep', { service: BACKUP_SERVICE, signal }, () => work(signal));
      } catch (error) {
        // Another server is at it.
        if (!(error instanceof LeaseBusyError)) throw error;
      }
    });
  }
}
