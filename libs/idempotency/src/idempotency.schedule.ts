import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { IdempotencyStore } from './idempotency.store.js';

/** Decides when old keys are forgotten: every hour, on every server, which do not get in each other's way. */
@Injectable()
export class IdempotencySchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(private readonly store: IdempotencyStore) {}

  @Cron('0 25 * * * *', { name: 'idempotency.cleanup', timeZone: 'UTC', waitForCompletion: true })
  async removeExpired(): Promise<void> {
    await this.background.round(async () => void (await this.store.removeExpired()));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
