import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { OpenWrites } from './open-writes.service.js';

/** Decides when open writes are settled: every minute, on every server; the device's lease keeps two apart. */
@Injectable()
export class DeviceWriteSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(private readonly openWrites: OpenWrites) {}

  @Cron('10 * * * * *', { name: 'device-writes.settle', timeZone: 'UTC', waitForCompletion: true })
  async settleOpen(): Promise<void> {
    await this.background.round((signal) => this.openWrites.settleAll(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
