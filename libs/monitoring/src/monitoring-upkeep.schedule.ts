import { BackgroundWork, Clock } from '@app/kernel';
import { type Lease, LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { LessThan } from 'typeorm';
import { DeviceFillLevel, DeviceHealth } from './health/index.js';
import { DeviceObservation } from './monitoring.entities.js';

/** As far back as the history can be asked for. */
const KEPT_DAYS = 400;
const DAY_MS = 24 * 60 * 60_000;

/** Keeps what is known of terminals from growing for ever, and from outliving its terminal. Count records are kept. */
@Injectable()
export class MonitoringUpkeepSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(MonitoringUpkeepSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly health: DeviceHealth,
    private readonly clock: Clock,
  ) {}

  @Cron('50 * * * * *', { name: 'monitoring.disabled', timeZone: 'UTC', waitForCompletion: true })
  async letGoOfDisabled(): Promise<void> {
    await this.background.round(async () => {
      const devices = await this.health.letGoOfDisabled();
      if (devices > 0) this.logger.log({ msg: 'alerts of terminals that are switched off are settled', devices });
    });
  }

  @Cron('25 3 * * *', { name: 'monitoring.retention', timeZone: 'UTC', waitForCompletion: true })
  async removeOld(): Promise<void> {
    await this.background.round(async (signal) => {
      try {
        await this.coordinator.withLease('retention', { service: 'monitoring', signal }, (lease) => this.remove(lease));
      } catch (error) {
        // Another server is at it.
        if (!(error instanceof LeaseBusyError)) throw error;
      }
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async remove(lease: Lease): Promise<void> {
    const limit = new Date(this.clock.now().getTime() - KEPT_DAYS * DAY_MS);
    const [observations, levels] = await lease.transaction(async (tx) => [
      (await tx.delete(DeviceObservation, { observedUntil: LessThan(limit) })).affected ?? 0,
      (await tx.delete(DeviceFillLevel, { day: LessThan(limit.toISOString().slice(0, 10)) })).affected ?? 0,
    ]);
    if (observations + levels > 0)
      this.logger.log({ msg: 'old observations of terminals removed', observations, levels });
  }
}
