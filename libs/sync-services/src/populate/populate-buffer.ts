import { type Device, DevicesService } from '@app/devices';
import { type Actor, AppError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { RunsAnywhere } from '../orders/runs-anywhere.js';
import { type RunProgress } from '../run.js';
import { type RunPreview } from '../sync-run.js';
import { BufferPopulations, type Population } from './buffer-populations.js';
import { type PopulateTotals, requireAddedUp } from './populate-totals.js';

/** One terminal's part of the migration: its totals, or the error that kept it from having any. */
export type PopulatedDevice =
  | {
      readonly device: Device;
      readonly totals: PopulateTotals;
      readonly error?: undefined;
      /** It was read before the migration was interrupted, and was not read again. */
      readonly earlier: boolean;
    }
  | { readonly device: Device; readonly error: AppError; readonly totals?: undefined; readonly earlier: false };

/** What is to be migrated, and who wants to watch. */
export interface PopulateRequest {
  /** By id, short name or name; none: every enabled device. */
  readonly devices: readonly string[];
  /** Reads and counts, and writes nothing. */
  readonly dryRun: boolean;
  /** Goes on with the newest migration that has not come to its end, instead of beginning one. */
  readonly resume?: boolean;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  /** Told once, before the first terminal: how many there are. */
  readonly onBegun?: (terminals: number) => void;
  readonly onProgress?: (device: Device, progress: RunProgress) => void;
}

/**
 * The migration of requirement 10: fills the buffer from the terminals, once or as often as wished. Each terminal's part
 * is a sync run under a name of its own: the whole of a terminal in one transaction, under its lease. So it may run
 * beside live services and may be killed at any moment; what it has not read yet is read by the next one, or by this one
 * when it goes on.
 */
@Injectable()
export class PopulateBuffer {
  static readonly serviceName = 'populateBuffer';

  constructor(
    private readonly devices: DevicesService,
    private readonly runs: RunsAnywhere,
    private readonly populations: BufferPopulations,
  ) {}

  /**
   * Terminal by terminal; one's failure is yielded and stops no other, and one that another service holds gets a second
   * turn after the others. Ends early when `signal` fires.
   * @throws {AppError} `devices/not-found`: nothing was begun
   */
  async *run(request: PopulateRequest): AsyncGenerator<PopulatedDevice> {
    const population = await this.populationFor(request);
    if (!population) return;
    const devices = await this.devicesOf(population, request);
    request.onBegun?.(devices.length);
    let failures = 0;
    const waiting = [...devices];
    const busy = new Set<Device>();
    for (let device = waiting.shift(); device; device = waiting.shift()) {
      if (request.signal?.aborted) return;
      const populated = await this.populate(device, request, population);
      if (populated.error?.code === 'coordination/lease-busy' && !busy.has(device)) {
        busy.add(device);
        waiting.push(device);
        continue;
      }
      if (populated.error) failures += 1;
      yield populated;
    }
    if (!request.dryRun && failures === 0 && !request.signal?.aborted) await this.populations.finish(population.id);
  }

  private async populationFor(request: PopulateRequest): Promise<Population | undefined> {
    if (request.resume) return this.populations.findUnfinished(PopulateBuffer.serviceName);
    const named = await Promise.all(request.devices.map((wanted) => this.devices.resolve(wanted)));
    const devices = named.length > 0 ? named : await this.devices.listEnabled();
    const deviceIds = [...new Set(devices.map(({ id }) => id))];
    if (deviceIds.length === 0) return undefined;
    return request.dryRun ? { id: '0', deviceIds, done: new Map() } : this.populations.begin(deviceIds, request.actor);
  }

  /** Of one that goes on, a terminal that was switched off meanwhile is not read any more. */
  private async devicesOf({ deviceIds, done }: Population, { resume }: PopulateRequest): Promise<Device[]> {
    const devices = await Promise.all(deviceIds.map((id) => this.devices.get(id)));
    return resume ? devices.filter(({ id, enabled }) => enabled || done.has(id)) : devices;
  }

  private async populate(device: Device, request: PopulateRequest, { done }: Population): Promise<PopulatedDevice> {
    const earlier = done.get(device.id);
    if (earlier) return { device, totals: earlier, earlier: true };
    try {
      const { totals, invalid, counted } = await this.read(device, request);
      const { updated: _, ...counts } = totals;
      return { device, totals: requireAddedUp({ counted, ...counts, invalid }), earlier: false };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { device, error, earlier: false };
    }
  }

  private read(device: Device, { actor, signal, dryRun, onProgress }: PopulateRequest): Promise<RunPreview> {
    const run = {
      service: PopulateBuffer.serviceName,
      actor,
      signal,
      onProgress: (progress: RunProgress): void => onProgress?.(device, progress),
    };
    return dryRun ? this.runs.preview(device, run) : this.runs.execute(device, run);
  }
}
