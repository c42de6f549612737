import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { SyncCoordinator } from './sync-coordinator.js';

/** Decides when expired leases are freed: every minute, on every server; each lease is freed and told once. */
@Injectable()
export class SyncCoordinatorSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(private readonly coordinator: SyncCoordinator) {}

  @Cron('30 * * * * *', { name: 'leases.cleanup', timeZone: 'UTC', waitForCompletion: true })
  async cleanup(): Promise<void> {
    await this.background.round(async () => void (await this.coordinator.cleanupExpiredLocks()));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
