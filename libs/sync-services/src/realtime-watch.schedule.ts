import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { RealtimeWatch } from './realtime-watch.service.js';

/** Decides when the list of watched terminals is looked at: every minute, which also revives a watch that gave up. */
@Injectable()
export class RealtimeWatchSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(private readonly watch: RealtimeWatch) {}

  @Cron('20 * * * * *', { name: 'realtime-watch', timeZone: 'UTC', waitForCompletion: true })
  async follow(): Promise<void> {
    await this.background.round(() => this.watch.follow());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
    await this.watch.stop();
  }
}
