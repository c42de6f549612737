import { snakeCased } from '@app/http';
import { BackgroundWork } from '@app/kernel';
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
  private readonly background = new BackgroundWork();

  constructor(private readonly machineSync: MachineSyncService) {}

  @Cron('0 * * * * *', { name: 'machine-sync', timeZone: 'UTC', waitForCompletion: true })
  async syncDue(): Promise<void> {
    await this.background.round(async (signal) => {
      const totals = await this.machineSync.syncDue({ signal });
      if (totals.devices > 0) this.logger.log({ msg: 'due devices synchronised', ...snakeCased(totals) });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
