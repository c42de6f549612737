import { DevicesService } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { AppError, BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { type Restore } from '../backup.entities.js';
import { RestoreRepository } from './restore.repository.js';
import { Restores } from './restores.service.js';

/** A restore that has not said for so long that it is alive has lost its process. */
const SILENT_MS = 45_000;

/** Goes on with restores whose process died, or whose terminal could not be reached: on whichever server looks first. */
@Injectable()
export class RestoresSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(RestoresSchedule.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly repository: RestoreRepository,
    private readonly restores: Restores,
    private readonly devices: DevicesService,
    private readonly readers: TerminalReaders,
  ) {}

  @Cron('10,30,50 * * * * *', { name: 'restores', timeZone: 'UTC', waitForCompletion: true })
  async goOnWithAbandoned(): Promise<void> {
    await this.background.round(async (signal) => {
      for (const restore of await this.repository.takeOverAbandoned(SILENT_MS)) await this.goOn(restore, signal);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async goOn(restore: Restore, signal: AbortSignal): Promise<void> {
    // One that dials in is restored by the server that it is connected to.
    if (!(await this.readers.isOurs(await this.devices.get(restore.deviceId)))) return;
    const about = { restore_id: restore.id, device_id: restore.deviceId };
    this.logger.log({ msg: 'going on with a restore that was interrupted', ...about });
    try {
      await this.restores.goOn(restore, { signal });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.logger.warn({ msg: 'a restore cannot go on yet', ...about, code: error.code, reason: error.message });
    }
  }
}
