import { snakeCased } from '@app/http';
import { BackgroundWork, systemActor } from '@app/kernel';
import { LeaseBusyError } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AasRealtimeSync } from './aas-realtime-sync.service.js';

/** Decides when the AAS files are looked at: every minute; a file that did not change costs a look at its date. */
@Injectable()
export class AasRealtimeSyncSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AasRealtimeSyncSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(private readonly aasSync: AasRealtimeSync) {}

  @Cron('40 * * * * *', { name: 'aas-sync', timeZone: 'UTC', waitForCompletion: true })
  async sync(): Promise<void> {
    await this.background.round((signal) => this.look(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async look(signal: AbortSignal): Promise<void> {
    try {
      const totals = await this.aasSync.syncChanged({ actor: systemActor, signal });
      if (totals.filesRead + totals.filesRefused > 0)
        this.logger.log({ msg: 'AAS files looked at', ...snakeCased(totals) });
    } catch (error) {
      // Another server is at it.
      if (!(error instanceof LeaseBusyError)) throw error;
    }
  }
}
