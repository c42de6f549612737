import { DeviceError, type DeviceEvent, type DeviceEvents, DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { AppError, Clock, systemActor } from '@app/kernel';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { MachineSyncService } from './machine-sync.service.js';

/** How quickly a watch reacts, and how often at most. */
export interface RealtimeOptions {
  /** People come in groups: the read waits until nothing more has happened for this long. */
  readonly settleMs: number;
  /** The shortest time between the starts of two catch-up reads. */
  readonly gapMs: number;
  /** The pause before a stream that ended is opened again; each failure in a row doubles it. */
  readonly reopenMs: number;
}

export const REALTIME_OPTIONS = Symbol('REALTIME_OPTIONS');
export const STANDARD_REALTIME: RealtimeOptions = { settleMs: 2_000, gapMs: 30_000, reopenMs: 10_000 };

const LONGEST_PAUSE_MS = 5 * 60_000;
/** How often what an event told of is tried to be read. */
const READ_ATTEMPTS = 3;

type Counters = DeviceEvents['countedAtStart'];

/**
 * Listens to terminals that are set to realtime. An event proves nothing and stores nothing: it makes a catch-up read
 * happen now instead of at the next quarter of an hour. Of several servers, one listens to a terminal (ADR 8).
 */
@Injectable()
export class RealtimeWatch {
  static readonly serviceName = 'realtimeWatch';
  private readonly logger = new Logger(RealtimeWatch.name);
  private readonly watched = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(
    private readonly devices: DevicesService,
    private readonly gateway: DeviceGateway,
    private readonly coordinator: SyncCoordinator,
    private readonly machineSync: MachineSyncService,
    private readonly clock: Clock,
    @Inject(REALTIME_OPTIONS) private readonly options: RealtimeOptions,
  ) {}

  /** Begins to watch what should be watched and is not, and lets go of the rest. Safe to repeat. */
  async follow(): Promise<void> {
    const enabled = await this.devices.listEnabled();
    const wanted = enabled.filter((device) => device.realtime && this.isWithinReach(device));
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { stop }] of this.watched)
      if (!ids.has(id)) stop.abort(new Error('the device is not realtime now'));
    for (const device of wanted) if (!this.watched.has(device.id)) this.begin(device);
  }

  /** Ends every watch, and waits for what they were doing. */
  async stop(): Promise<void> {
    const all = [...this.watched.values()];
    for (const { stop } of all) stop.abort(new Error('the server is stopping'));
    await Promise.all(all.map(({ ended }) => ended));
  }

  /** A terminal that dials in is listened to where it is connected. */
  private isWithinReach({ driver, serialNumber }: Device): boolean {
    return driver !== 'aiface' || (serialNumber !== null && this.gateway.isConnected(serialNumber));
  }

  private begin(device: Device): void {
    const stop = new AbortController();
    const ended = this.watch(device, stop.signal)
      .catch((error: unknown) => {
        // A watch that gave up, since another server has the terminal, is begun again by the next `follow`.
        if (!(error instanceof AppError)) this.logger.error(error);
      })
      .finally(() => this.watched.delete(device.id));
    this.watched.set(device.id, { stop, ended });
  }

  /** Term after term, until it is told to stop or somebody else holds what it needs. */
  private async watch(device: Device, signal: AbortSignal): Promise<void> {
    const catchUp = new CatchUp(this.options, this.clock, signal, async () => {
      const { totals, invalid, punches } = await this.machineSync.syncDevice(device, systemActor, { signal });
      return { users: totals.read + invalid, punches: punches?.read };
    });
    try {
      let failures = 0;
      while (!signal.aborted && this.isWithinReach(device)) {
        const request = { service: RealtimeWatch.serviceName, signal };
        const heard = await this.coordinator.withLease(`events:${device.id}`, request, (term) =>
          this.listen(device, AbortSignal.any([signal, term.signal]), catchUp),
        );
        failures = heard ? 0 : failures + 1;
        const pauseMs = Math.min(this.options.reopenMs * 2 ** Math.max(failures - 1, 0), LONGEST_PAUSE_MS);
        if (!signal.aborted && this.isWithinReach(device)) await this.clock.sleep(pauseMs, signal);
      }
    } finally {
      await catchUp.done();
    }
  }

  /** Listens until the stream or the term ends; false: it could not even begin. */
  private async listen(device: Device, signal: AbortSignal, catchUp: CatchUp): Promise<boolean> {
    const about = { device_id: device.id, device: device.name };
    let heard = false;
    try {
      await using events = await this.open(device, signal);
      heard = true;
      this.logger.log({ msg: 'listening to events', ...about });
      catchUp.compare(events.countedAtStart);
      for (;;) if (tellsSomething(await events.next())) catchUp.request();
    } catch (error) {
      if (signal.aborted) return heard;
      if (!(error instanceof DeviceError)) throw error;
      // One that dials in and has gone comes back by itself, maybe to another server; that it has gone is told already.
      if (!this.isWithinReach(device)) return heard;
      const { code, message: reason } = error;
      // A terminal that serves one client drops the stream when a run begins: that is how it should be.
      const { held } = await this.coordinator.checkLockStatus(deviceLockKey(device.id));
      if (heard && held) this.logger.log({ msg: 'the stream of events gave way to a run', ...about });
      else
        this.logger.warn({
          msg: 'there are no events of the terminal; they are asked for again',
          ...about,
          code,
          reason,
        });
      return heard;
    }
  }

  /** Under the device's lease: a terminal that serves one client at a time would drop a run for us. */
  private async open(device: Device, signal: AbortSignal): Promise<DeviceEvents> {
    const target = await this.devices.targetOf(device);
    return this.coordinator.withLease(deviceLockKey(device.id), { service: RealtimeWatch.serviceName, signal }, () =>
      this.gateway.openEvents(target, { signal }),
    );
  }
}

function tellsSomething({ kind }: DeviceEvent): boolean {
  return kind !== 'other';
}

/** Makes reads of one device happen: soon after they are asked for, never two at once, and not too often. */
class CatchUp {
  private wanted = false;
  private working?: Promise<void>;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  /** How much the last read found; undefined: there was none. */
  private counted?: Counters;

  constructor(
    private readonly options: RealtimeOptions,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly read: () => Promise<Counters>,
  ) {}

  /** A new stream begins: what happened while nobody listened shows in the counters, unless we have read nothing yet. */
  compare({ users, punches }: Counters): void {
    const { counted } = this;
    const isNews = counted?.users !== users || (counted.punches ?? punches) !== (punches ?? counted.punches);
    if (isNews) this.request();
  }

  request(): void {
    this.wanted = true;
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  async done(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    const { settleMs, gapMs } = this.options;
    for (let attempt = 1; this.wanted && !this.signal.aborted; attempt += 1) {
      try {
        const sinceMs = this.clock.monotonicMs() - this.lastStartMs;
        await this.clock.sleep(Math.max(settleMs, gapMs - sinceMs), this.signal);
        this.wanted = false;
        this.lastStartMs = this.clock.monotonicMs();
        this.counted = await this.read();
        attempt = 0;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // A run that failed has told why. After the last attempt, the next event or quarter of an hour reads again.
        this.wanted ||= attempt < READ_ATTEMPTS;
      }
    }
  }
}
