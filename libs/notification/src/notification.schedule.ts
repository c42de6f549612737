import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { NoticeDeliverer } from './delivery/notice-deliverer.js';
import { Heartbeat } from './heartbeat.js';
import { NotificationOutbox } from './notification-outbox.js';

/** Decides when notices leave: at once, which is every two seconds. What waits at the end stays in the outbox. */
@Injectable()
export class NotificationSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: NotificationOutbox,
    private readonly deliverer: NoticeDeliverer,
    private readonly heartbeat: Heartbeat,
  ) {}

  @Cron('*/2 * * * * *', { name: 'notification.deliver', timeZone: 'UTC' })
  async deliver(): Promise<void> {
    await this.background.round((signal) => this.deliverer.deliverDue(signal));
  }

  @Cron('30 * * * * *', { name: 'notification.remind', timeZone: 'UTC', waitForCompletion: true })
  async remind(): Promise<void> {
    await this.background.round(async () => {
      await this.dataSource.transaction((tx) => this.outbox.remindDue(tx));
    });
  }

  @Cron('0 * * * * *', { name: 'notification.heartbeat', timeZone: 'UTC', waitForCompletion: true })
  async beat(): Promise<void> {
    await this.background.round((signal) => this.heartbeat.beat(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
