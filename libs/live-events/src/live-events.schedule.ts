import { BackgroundWork, Clock } from '@app/kernel';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { LiveEventRepository } from './live-event.repository.js';
import { LIVE_EVENTS_OPTIONS, type LiveEventsOptions } from './live-events.options.js';

const DAY_MS = 86_400_000;

/** Decides when old events go: every hour, on every server, which do not get in each other's way. */
@Injectable()
export class LiveEventsSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveEventsSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly events: LiveEventRepository,
    private readonly clock: Clock,
    @Inject(LIVE_EVENTS_OPTIONS) private readonly options: LiveEventsOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.mendNumbering();
  }

  @Cron('0 35 * * * *', { name: 'live-events.retention', timeZone: 'UTC', waitForCompletion: true })
  async removeExpired(): Promise<void> {
    await this.background.round(async () => {
      await this.mendNumbering();
      const oldest = new Date(this.clock.now().getTime() - this.options.retentionDays * DAY_MS);
      const removed = await this.events.removeBefore(oldest);
      if (removed > 0) this.logger.log({ msg: 'expired live events removed', removed });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async mendNumbering(): Promise<void> {
    if (await this.events.mendNumbering())
      this.logger.warn('the database was put back from a dump: readers of live events are told to read anew');
  }
}
