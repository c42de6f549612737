import { LeaseBusyError } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AasRealtimeSync } from './aas-realtime-sync.service.js';

/** Decides when the AAS files are looked at: every minute; a file that did not change costs a look at its date. */
@Injectable()
export class AasRealtimeSyncSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AasRealtimeSyncSchedule.name);
  private readonly stopping = new AbortController();

  constructor(private readonly aasSync: AasRealtimeSync) {}

  @Cron('40 * * * * *', { name: 'aas-sync', timeZone: 'UTC', waitForCompletion: true })
  async sync(): Promise<void> {
    try {
      const totals = await this.aasSync.syncChanged(this.stopping.signal);
      if (totals.filesRead + totals.filesRefused > 0) this.logger.log({ msg: 'AAS files looked at', ...totals });
    } catch (error) {
      // Another server is at it.
      if (!(error instanceof LeaseBusyError)) throw error;
    }
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('the server is stopping'));
  }
}
