import { type Device, DevicesService } from '@app/devices';
import { type Actor, AppError, systemActor } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { type FinishedRun, type RunProgress, SyncRun } from './sync-run.js';

/** How many terminals are read at once: one that hangs must not keep the others waiting. */
const DEVICES_AT_ONCE = 4;

/** What a round over all enabled devices came to. */
export interface MachineSyncTotals {
  readonly devices: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usersRead: number;
  readonly newlyBuffered: number;
}

/** `machineSyncService`: reads every enabled device on the schedule, or one on demand. Read-only by construction. */
@Injectable()
export class MachineSyncService {
  static readonly serviceName = 'machineSyncService';
  private readonly logger = new Logger(MachineSyncService.name);
  /** Devices that this process is reading right now: a slow one is not queued twice. */
  private readonly running = new Set<string>();

  constructor(
    private readonly devices: DevicesService,
    private readonly syncRun: SyncRun,
  ) {}

  /** One device now, for an administrator or a program. @throws {SyncFailedError} */
  async syncDevice(
    device: Device,
    actor: Actor,
    watch: { readonly signal?: AbortSignal; readonly onProgress?: (progress: RunProgress) => void } = {},
  ): Promise<FinishedRun> {
    return this.syncRun.execute(device, { service: MachineSyncService.serviceName, actor, ...watch });
  }

  /** Every enabled device, a few at a time. One device's failure stops no other; each leaves its own run. */
  async syncAll(
    round: { readonly signal?: AbortSignal; readonly except?: ReadonlySet<string> } = {},
  ): Promise<MachineSyncTotals> {
    const { signal, except } = round;
    const enabled = await this.devices.listEnabled();
    const waiting = enabled.filter(({ id }) => !this.running.has(id) && !except?.has(id));
    const runs: (FinishedRun | undefined)[] = [];
    const worker = async (): Promise<void> => {
      for (let device = waiting.shift(); device && !signal?.aborted; device = waiting.shift()) {
        runs.push(await this.syncQuietly(device, signal));
      }
    };
    await Promise.all(Array.from({ length: DEVICES_AT_ONCE }, worker));
    const succeeded = runs.filter((run) => run !== undefined);
    return {
      devices: runs.length,
      succeeded: succeeded.length,
      failed: runs.length - succeeded.length,
      usersRead: succeeded.reduce((sum, { totals }) => sum + totals.read, 0),
      newlyBuffered: succeeded.reduce((sum, { totals }) => sum + totals.newlyBuffered, 0),
    };
  }

  private async syncQuietly(device: Device, signal?: AbortSignal): Promise<FinishedRun | undefined> {
    this.running.add(device.id);
    try {
      return await this.syncDevice(device, systemActor, { signal });
    } catch (error) {
      // A foreseen failure has its run row, its audit entry and its log line; a defect must not stop the others.
      if (!(error instanceof AppError)) this.logger.error(error);
      return undefined;
    } finally {
      this.running.delete(device.id);
    }
  }
}
