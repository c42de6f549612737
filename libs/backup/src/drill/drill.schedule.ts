import { AppError, BackgroundWork, Clock, systemActor } from '@app/kernel';
import { LeaseBusyError } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { type DeviceBackup } from '../backup.entities.js';
import { BackupKeys } from '../files/backup-keys.js';
import { BackupDrills } from './backup-drills.service.js';

/** After so long a backup that could not be tried out is tried again. */
const AGAIN_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Decides when backups are tried out: one at a time, on one server at a time, and only where they can be opened. */
@Injectable()
export class DrillSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(DrillSchedule.name);
  private readonly background = new BackgroundWork();
  /** Until when, in monotonic time, a backup is left alone: others have their turn. By the file's name. */
  private readonly waiting = new Map<string, number>();
  private toldKeylessAtMs?: number;

  constructor(
    private readonly drills: BackupDrills,
    private readonly keys: BackupKeys,
    private readonly clock: Clock,
  ) {}

  @Cron('25 */5 * * * *', { name: 'backup.drill', timeZone: 'UTC', waitForCompletion: true })
  async drillDue(): Promise<void> {
    await this.background.round(async (signal) => {
      if (!(await this.canOpen())) return;
      this.forgetTheWaited();
      for (const backup of await this.drills.findDue()) {
        if (signal.aborted) return;
        if (!this.waiting.has(backup.filename)) await this.drillOne(backup, signal);
      }
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  /** A host with public keys alone says once a day that another one has to try its backups out. */
  private async canOpen(): Promise<boolean> {
    if ((await this.keys.identities()).length > 0) return true;
    const now = this.clock.monotonicMs();
    const isToldToday = this.toldKeylessAtMs !== undefined && now - this.toldKeylessAtMs < DAY_MS;
    if (isToldToday || (await this.keys.recipients()).length === 0) return false;
    this.toldKeylessAtMs = now;
    this.logger.warn({
      msg: 'this host can write backups and not read them, so that it tries none of them out; a host that has the key must (backup drill)',
    });
    return false;
  }

  private forgetTheWaited(): void {
    const now = this.clock.monotonicMs();
    for (const [filename, untilMs] of this.waiting) if (untilMs <= now) this.waiting.delete(filename);
  }

  private async drillOne(backup: DeviceBackup, signal: AbortSignal): Promise<void> {
    try {
      await this.drills.drill(backup, systemActor, { signal });
    } catch (error) {
      if (error instanceof LeaseBusyError || signal.aborted) return;
      this.waiting.set(backup.filename, this.clock.monotonicMs() + AGAIN_MS);
      const about = { msg: 'a backup could not be tried out', backup: backup.filename, device_id: backup.deviceId };
      if (error instanceof AppError) this.logger.warn({ ...about, code: error.code, reason: error.message });
      else this.logger.error({ ...about, err: error });
    }
  }
}
