import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MachineSyncService } from './machine-sync.service.js';

/**
 * Decides when devices are read. It looks every minute and reads what is due, so that a device whose server was killed
 * in the middle is read by another one soon, and not a period later.
 */
@Injectable()
export class MachineSyncSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(MachineSyncSchedule.name);
  private readonly stopping = new AbortController();

  constructor(private readonly machineSync: MachineSyncService) {}

  @Cron('0 * * * * *', { name: 'machine-sync', timeZone: 'UTC', waitForCompletion: true })
  async syncDue(): Promise<void> {
    const totals = await this.machineSync.syncDue({ signal: this.stopping.signal });
    if (totals.devices > 0) this.logger.log({ msg: 'due devices synchronised', ...totals });
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('the server is stopping'));
  }
}
