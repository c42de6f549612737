import { type Device, DevicesService } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { type Actor, AppError, Clock, systemActor } from '@app/kernel';
import { DeviceWatch } from '@app/monitoring';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { RunSupersededError } from './sync-services.errors.js';
import { SyncRunJournal } from './sync-run.journal.js';
import { type FinishedRun, type RunRequest } from './run.js';
import { SyncRun } from './sync-run.js';

/** How many terminals are read at once: one that hangs must not keep the others waiting. */
const DEVICES_AT_ONCE = 4;
/** Every device is read once in each of these. */
export const SYNC_PERIOD_MINUTES = 15;

/** What a round over devices came to. */
export interface MachineSyncTotals {
  readonly devices: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usersRead: number;
  readonly newlyBuffered: number;
}

/**
 * `machineSyncService`: reads all enabled devices, some at a time and none twice at once. Several servers share them
 * out: each takes those that nobody has done. Read-only by construction.
 */
@Injectable()
export class MachineSyncService {
  static readonly serviceName = 'machineSyncService';
  private readonly logger = new Logger(MachineSyncService.name);
  /** Devices that this process is reading right now: a slow one is not queued twice. */
  private readonly running = new Set<string>();

  constructor(
    private readonly devices: DevicesService,
    private readonly syncRun: SyncRun,
    private readonly journal: SyncRunJournal,
    private readonly coordinator: SyncCoordinator,
    private readonly readers: TerminalReaders,
    private readonly watch: DeviceWatch,
    private readonly clock: Clock,
  ) {}

  /** One device, whether it is due or not. @throws {SyncFailedError} */
  async syncDevice(
    device: Device,
    actor: Actor,
    watch: Pick<RunRequest, 'signal' | 'onProgress'> = {},
  ): Promise<FinishedRun> {
    return this.syncRun.execute(device, { service: MachineSyncService.serviceName, actor, ...watch });
  }

  /** Every enabled device. One device's failure stops no other; each leaves its own run. */
  async syncAll(round: { readonly signal?: AbortSignal } = {}): Promise<MachineSyncTotals> {
    return this.syncEach(await this.devices.listEnabled(), (device) =>
      this.syncDevice(device, systemActor, { signal: round.signal }),
    );
  }

  /** The enabled devices that no server has read in this period, that none is reading, and that are not paused. */
  async syncDue(round: { readonly signal?: AbortSignal } = {}): Promise<MachineSyncTotals> {
    const due = await this.findDue();
    const paused = await this.watch.findPaused(this.clock.now());
    const waiting = (await this.devices.listEnabled()).filter(({ id }) => due.has(id) && !paused.has(id));
    // Servers that begin at the same moment begin at different devices.
    return this.syncEach(shuffled(waiting), async (device) => {
      if (round.signal?.aborted || (await this.isBeingRead(device))) return undefined;
      if (!(await this.readers.isOurs(device))) return undefined;
      return this.syncRun.execute(device, {
        service: MachineSyncService.serviceName,
        actor: systemActor,
        signal: round.signal,
        stillWanted: async () => (await this.findDue()).has(device.id),
      });
    });
  }

  private findDue(): Promise<ReadonlySet<string>> {
    return this.journal.findDue(MachineSyncService.serviceName, SYNC_PERIOD_MINUTES);
  }

  private async isBeingRead(device: Device): Promise<boolean> {
    const { acquiredBy } = await this.coordinator.checkLockStatus(deviceLockKey(device.id));
    return acquiredBy?.startsWith(`${MachineSyncService.serviceName}@`) ?? false;
  }

  private async syncEach(
    devices: readonly Device[],
    sync: (device: Device) => Promise<FinishedRun | undefined>,
  ): Promise<MachineSyncTotals> {
    const waiting = devices.filter(({ id }) => !this.running.has(id));
    const succeeded: FinishedRun[] = [];
    let failed = 0;
    const worker = async (): Promise<void> => {
      for (let device = waiting.shift(); device; device = waiting.shift()) {
        const outcome = await this.quietly(device, sync);
        if (outcome === 'failed') failed += 1;
        else if (outcome) succeeded.push(outcome);
      }
    };
    await Promise.all(Array.from({ length: DEVICES_AT_ONCE }, worker));
    return {
      devices: succeeded.length + failed,
      succeeded: succeeded.length,
      failed,
      usersRead: succeeded.reduce((sum, { totals }) => sum + totals.read, 0),
      newlyBuffered: succeeded.reduce((sum, { totals }) => sum + totals.newlyBuffered, 0),
    };
  }

  private async quietly(
    device: Device,
    sync: (device: Device) => Promise<FinishedRun | undefined>,
  ): Promise<FinishedRun | 'failed' | undefined> {
    this.running.add(device.id);
    try {
      return await sync(device);
    } catch (error) {
      if (error instanceof RunSupersededError) return undefined;
      // A foreseen failure has its run row, its audit entry and its log line; a defect must not stop the others.
      if (!(error instanceof AppError)) this.logger.error(error);
      return 'failed';
    } finally {
      this.running.delete(device.id);
    }
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
