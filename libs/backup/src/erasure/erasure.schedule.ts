import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { LiveErasure } from './live-erasure.js';

/** Decides when pending erasures are tried again: every ten minutes, on every server; the device's lease keeps two apart. */
@Injectable()
export class ErasureSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(private readonly live: LiveErasure) {}

  @Cron('40 */10 * * * *', { name: 'erasures.remove', timeZone: 'UTC', waitForCompletion: true })
  async removePending(): Promise<void> {
    await this.background.round((signal) => this.live.removeAll(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
