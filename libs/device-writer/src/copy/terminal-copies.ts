import { IncompleteReadError } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { Clock } from '@app/kernel';
import { deviceLockKey, LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type CompleteCopy, type CopyProgress } from '../terminal-copy.js';
import { type CopyInTheMaking, SnapshotSources } from './snapshot-sources.js';

/** How long a copy keeps a terminal to itself at a time. */
export interface CopyOptions {
  /** After this time the lease is given back, and others have their turn; well below the term of a lease. */
  readonly sittingMs: number;
}

export const COPY_OPTIONS = Symbol('COPY_OPTIONS');
export const STANDARD_COPY_OPTIONS: CopyOptions = { sittingMs: 2.5 * 60_000 };

/** How often a copy is begun anew because somebody was enrolled meanwhile. */
const ATTEMPTS = 3;
/** How often the next sitting may find the terminal busy. */
const BUSY_SITTINGS = 10;

export interface CopyRequest {
  /** Who wants it, as it stands in the lease. */
  readonly service: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** Copies registered terminals: everybody with everything, proven, in as many leases as it takes. */
@Injectable()
export class TerminalCopies {
  private readonly logger = new Logger(TerminalCopies.name);

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly sources: SnapshotSources,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
    @Inject(COPY_OPTIONS) private readonly options: CopyOptions,
  ) {}

  /**
   * The caller disposes of the copy.
   * @throws {LeaseBusyError} somebody else works at the terminal
   * @throws {IncompleteReadError} it is not proven that this is everything @throws {DeviceError} @throws {AbortedError}
   */
  async copy(device: Device, request: CopyRequest): Promise<CompleteCopy> {
    for (let attempt = 1; ; attempt += 1) {
      const making = await this.sources.begin(await this.devices.targetOf(device));
      try {
        await this.sitThrough(device, making, request);
        return await making.finish();
      } catch (error) {
        await making[Symbol.asyncDispose]();
        if (attempt === ATTEMPTS || request.signal?.aborted || !isChange(error)) throw error;
        const about = { device_id: device.id, device: device.name, reason: error.message };
        this.logger.log({ msg: 'the terminal was changed while it was copied; it is copied anew', ...about });
      }
    }
  }

  private async sitThrough(device: Device, making: CopyInTheMaking, request: CopyRequest): Promise<void> {
    let busy = 0;
    for (let sittings = 1; ;) {
      try {
        if (await this.sitOnce(device, making, request, sittings)) return;
        sittings += 1;
        busy = 0;
      } catch (error) {
        // What has been read so far is worth waiting for.
        busy += 1;
        if (!(error instanceof LeaseBusyError) || sittings === 1 || busy === BUSY_SITTINGS) throw error;
      }
    }
  }

  private async sitOnce(
    device: Device,
    making: CopyInTheMaking,
    { service, signal, onProgress }: CopyRequest,
    sittings: number,
  ): Promise<boolean> {
    return this.coordinator.withLease(deviceLockKey(device.id), { service, signal }, async (lease) => {
      const until = this.clock.monotonicMs() + this.options.sittingMs;
      const ending = signal ? AbortSignal.any([signal, lease.signal]) : lease.signal;
      return making.sit(
        {
          mayGoOn: () => this.clock.monotonicMs() < until,
          onProgress: (progress) => onProgress?.({ ...progress, sittings }),
        },
        ending,
      );
    });
  }
}

/** Somebody was enrolled, changed or removed: another try may have more luck. */
function isChange(error: unknown): error is IncompleteReadError {
  return error instanceof IncompleteReadError && ['list-changed', 'counter-changed'].includes(error.reason);
}
