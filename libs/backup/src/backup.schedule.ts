import { DevicesService } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { AppError, BackgroundWork, Clock, systemActor } from '@app/kernel';
import { LeaseBusyError } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { BackupAgenda } from './backup-agenda.js';
import { BACKUP_OPTIONS, type BackupOptions } from './backup-options.js';
import { BackupRun } from './backup-run.js';

/**
 * Backs up every enabled terminal once in each interval (requirement 8.1), a few at a time; one that failed is tried again
 * within minutes. It looks for what is due twice a minute.
 */
@Injectable()
export class BackupSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(BackupSchedule.name);
  private readonly background = new BackgroundWork();
  private readonly underway = new Map<string, Promise<void>>();
  private on = true;

  constructor(
    private readonly agenda: BackupAgenda,
    private readonly backups: BackupRun,
    private readonly devices: DevicesService,
    private readonly readers: TerminalReaders,
    private readonly clock: Clock,
    @Inject(BACKUP_OPTIONS) private readonly options: BackupOptions,
  ) {}

  /** Whether backups begin by themselves in this process. */
  get isOn(): boolean {
    return this.on;
  }

  start(): void {
    this.on = true;
  }

  /** Begins no more; what is under way comes to its end. */
  stop(): void {
    this.on = false;
  }

  @Cron('5,35 * * * * *', { name: 'backup', timeZone: 'UTC', waitForCompletion: true })
  async beginDue(): Promise<void> {
    if (!this.on) return;
    await this.background.round(async () => {
      const at = this.clock.now();
      await this.agenda.admitNew(at);
      const room = this.options.backupsAtOnce - this.underway.size;
      if (room <= 0) return;
      for (const id of await this.agenda.claimDue(at, room, [...this.underway.keys()])) this.begin(id);
    });
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    while (this.underway.size > 0) await Promise.allSettled(this.underway.values());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private begin(deviceId: string): void {
    const backup = this.background
      .round((signal) => this.carryOut(deviceId, signal))
      .catch((error: unknown) => this.logger.error(error))
      .finally(() => this.underway.delete(deviceId));
    this.underway.set(deviceId, backup);
  }

  private async carryOut(deviceId: string, signal: AbortSignal): Promise<void> {
    const device = await this.devices.get(deviceId);
    // One that dials in is backed up by the server that it is connected to.
    if (!(await this.readers.isOurs(device))) return this.agenda.putBack(deviceId, this.clock.now());
    try {
      await this.backups.execute(device, { trigger: 'schedule', actor: systemActor, signal });
    } catch (error) {
      if (error instanceof LeaseBusyError || signal.aborted) await this.agenda.putBack(deviceId, this.clock.now());
      // What went wrong with the terminal or the folder is recorded and told by the run.
      else if (!(error instanceof AppError)) throw error;
    }
  }
}
