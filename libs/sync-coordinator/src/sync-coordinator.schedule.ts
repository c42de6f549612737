import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { SyncCoordinator } from './sync-coordinator.js';

/** Decides when expired leases are freed: every minute, on every server; each lease is freed and told once. */
@Injectable()
export class SyncCoordinatorSchedule {
  constructor(private readonly coordinator: SyncCoordinator) {}

  @Cron('30 * * * * *', { name: 'leases.cleanup', timeZone: 'UTC', waitForCompletion: true })
  async cleanup(): Promise<void> {
    await this.coordinator.cleanupExpiredLocks();
  }
}
