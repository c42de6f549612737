import { TerminalReaders } from '@app/dial-in';
import { type Actor, AppError, BackgroundWork } from '@app/kernel';
import { Notifications } from '@app/notification';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { NothingToRestoreError } from '../restore/restore.errors.js';
import { type RestoreReport, Restores } from '../restore/restores.service.js';
import { DeviceGuards, type GuardedLoss } from './device-guards.service.js';

/** The guard acts for the administrator who switched it on, under a name of its own. */
export const guardActor: Actor = Object.freeze({ kind: 'system', name: 'guard' });

/**
 * Heals confirmed losses of terminals whose guard is on, within its bounds, and says so; what is beyond them is left to
 * people, and they are told that too.
 */
@Injectable()
export class GuardSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(GuardSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly dataSource: DataSource,
    private readonly guards: DeviceGuards,
    private readonly restores: Restores,
    private readonly readers: TerminalReaders,
    private readonly notifications: Notifications,
  ) {}

  @Cron('15,45 * * * * *', { name: 'guard', timeZone: 'UTC', waitForCompletion: true })
  async healLosses(): Promise<void> {
    await this.background.round(async (signal) => {
      for (const loss of await this.guards.claimLosses()) await this.dealWith(loss, signal);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async dealWith(loss: GuardedLoss, signal: AbortSignal): Promise<void> {
    if (!(await this.readers.isOurs(loss.device))) return this.guards.putBack(loss);
    const objection = await this.guards.objectionTo(loss);
    if (objection !== undefined) return this.decline(loss, objection);
    try {
      const request = await this.restores.requestFor(loss.incident.id, guardActor);
      const report = await this.restores.restoreNow({
        ...request,
        origin: 'guard',
        confirmTripped: loss.incident.level !== 'notice',
        signal,
      });
      await this.tellHealed(loss, report);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error instanceof NothingToRestoreError) return this.decline(loss, error.message);
      const about = { device_id: loss.device.id, incident_id: loss.incident.id };
      this.logger.warn({ msg: 'a loss could not be healed yet', ...about, code: error.code, reason: error.message });
      await this.guards.putBack(loss);
    }
  }

  private async tellHealed({ device, incident }: GuardedLoss, { restore, tally }: RestoreReport): Promise<void> {
    const left = tally.failed + tally.refused;
    await this.dataSource.transaction((tx) =>
      this.notifications.announce(tx, {
        topic: 'guard_healed',
        severity: 'warning',
        subject: `restore:${restore.id}`,
        deviceId: device.id,
        deviceName: device.name,
        headline: `The guard brought ${tally.done} users back to "${device.name}"${left > 0 ? `; ${left} need a person` : ''}`,
        details: [`Incident ${incident.id}; find out what removed them`],
        path: `/api/device-users/restores/${restore.id}`,
      }),
    );
  }

  private async decline({ device, incident, missing }: GuardedLoss, why: string): Promise<void> {
    this.logger.warn({ msg: 'the guard leaves a loss to people', device_id: device.id, incident_id: incident.id, why });
    await this.dataSource.transaction((tx) =>
      this.notifications.announce(tx, {
        topic: 'guard_declined',
        severity: 'critical',
        subject: `incident:${incident.id}`,
        deviceId: device.id,
        deviceName: device.name,
        headline: `The guard of "${device.name}" leaves ${missing} missing users to you: ${why}`,
        path: `/api/device-users/incidents/${incident.id}/restore`,
      }),
    );
  }
}
