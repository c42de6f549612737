import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MachineSyncService } from './machine-sync.service.js';

/** Decides when all devices are read: every quarter of an hour, and never two rounds at once. */
@Injectable()
export class MachineSyncSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(MachineSyncSchedule.name);
  private readonly stopping = new AbortController();

  constructor(private readonly machineSync: MachineSyncService) {}

  @Cron('0 */15 * * * *', { name: 'machine-sync', timeZone: 'UTC', waitForCompletion: true })
  async syncAll(): Promise<void> {
    const totals = await this.machineSync.syncAll({ signal: this.stopping.signal });
    if (totals.devices > 0) this.logger.log({ msg: 'all enabled devices synchronised', ...totals });
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('the server is stopping'));
  }
}
