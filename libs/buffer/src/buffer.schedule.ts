import { BackgroundWork, Clock } from '@app/kernel';
import { LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DeviceUserBufferService } from './buffer.service.js';

/** Decides when expired rows are removed: once a night, by one server. */
@Injectable()
export class BufferSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(BufferSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly buffer: DeviceUserBufferService,
    private readonly clock: Clock,
  ) {}

  @Cron('15 3 * * *', { name: 'buffer.retention', timeZone: 'UTC', waitForCompletion: true })
  async removeExpired(): Promise<void> {
    await this.background.round((signal) => this.remove(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async remove(signal: AbortSignal): Promise<void> {
    try {
      const removed = await this.coordinator.withLease('retention', { service: 'buffer', signal }, (lease) =>
        this.buffer.removeExpired(lease, this.clock.now()),
      );
      if (removed > 0) this.logger.log({ msg: 'expired buffer rows removed', removed });
    } catch (error) {
      // Another server is at it.
      if (!(error instanceof LeaseBusyError)) throw error;
    }
  }
}
