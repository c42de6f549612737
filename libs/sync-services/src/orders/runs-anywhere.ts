import { type Device } from '@app/devices';
import { Injectable } from '@nestjs/common';
import { type FinishedRun, type RunRequest } from '../run.js';
import { type RunPreview, SyncRun } from '../sync-run.js';
import { RunsElsewhere } from './runs-elsewhere.js';

/** Runs that somebody waits for, wherever the terminal is: here, or with the process that it dialled. */
@Injectable()
export class RunsAnywhere {
  constructor(
    private readonly here: SyncRun,
    private readonly elsewhere: RunsElsewhere,
  ) {}

  /** @throws as SyncRun.execute and RunsElsewhere.execute */
  async execute(device: Device, request: RunRequest): Promise<FinishedRun> {
    return (await this.elsewhere.has(device))
      ? this.elsewhere.execute(device, request)
      : this.here.execute(device, request);
  }

  /** What a run would do now, storing nothing. @throws as SyncRun.preview and RunsElsewhere.preview */
  async preview(device: Device, request: RunRequest): Promise<RunPreview> {
    return (await this.elsewhere.has(device))
      ? this.elsewhere.preview(device, request)
      : this.here.preview(device, request);
  }
}
