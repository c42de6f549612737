import { type Device, DevicesService } from '@app/devices';
import { type Actor, AppError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type RunProgress } from './run.js';
import { type RunPreview, SyncRun } from './sync-run.js';

/** The totals of requirement 10; read = mapped + newlyBuffered + alreadyBuffered. */
export interface PopulateTotals {
  readonly read: number;
  readonly mapped: number;
  readonly unmapped: number;
  readonly newlyBuffered: number;
  readonly alreadyBuffered: number;
  readonly invalid: number;
}

/** One device's part of the migration: its totals, or the error that kept it from having any. */
export type PopulatedDevice =
  | { readonly device: Device; readonly totals: PopulateTotals; readonly error?: undefined }
  | { readonly device: Device; readonly error: AppError; readonly totals?: undefined };

/**
 * The migration of requirement 10: fills the buffer from the terminals, once or as often as wished. It is a sync run
 * under a name of its own, so it may run beside live services.
 */
@Injectable()
export class PopulateBuffer {
  static readonly serviceName = 'populateBuffer';

  constructor(
    private readonly devices: DevicesService,
    private readonly syncRun: SyncRun,
  ) {}

  /** Device by device, in order; one device's failure is yielded and stops no other. Writes nothing when `dryRun`. */
  async *run(request: {
    /** By id, short name or name; none: every enabled device. */
    readonly devices: readonly string[];
    readonly dryRun: boolean;
    readonly actor: Actor;
    readonly signal?: AbortSignal;
    readonly onProgress?: (device: Device, progress: RunProgress) => void;
  }): AsyncGenerator<PopulatedDevice> {
    const named = await Promise.all(request.devices.map((wanted) => this.devices.resolve(wanted)));
    const devices = named.length > 0 ? named : await this.devices.listEnabled();
    for (const device of devices) {
      if (request.signal?.aborted) return;
      try {
        const { totals, invalid } = await this.populate(device, request);
        yield { device, totals: { ...totals, invalid } };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        yield { device, error };
      }
    }
  }

  private populate(device: Device, request: Parameters<PopulateBuffer['run']>[0]): Promise<RunPreview> {
    const { actor, signal, dryRun } = request;
    const onProgress = (progress: RunProgress): void => request.onProgress?.(device, progress);
    const run = { service: PopulateBuffer.serviceName, actor, signal, onProgress };
    return dryRun ? this.syncRun.preview(device, run) : this.syncRun.execute(device, run);
  }
}
