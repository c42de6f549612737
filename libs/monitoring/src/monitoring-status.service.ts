import { type Device, DevicesService } from '@app/devices';
import { Clock } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { FillLevels, type Forecasts } from './health/index.js';
import {
  condense,
  type CountChanges,
  ObservationLog,
  timelineOf,
  type TimelinePiece,
  UserCountHistory,
} from './history/index.js';
import { DeviceWatchState, Incident } from './monitoring.entities.js';
import { HistoryRangeError } from './monitoring.errors.js';
import { MONITORING_OPTIONS, type MonitoringOptions, observationGapMs } from './monitoring-options.js';

export const DEVICE_STATES = ['ok', 'suspect', 'failing', 'paused', 'never_read', 'disabled'] as const;
/** How a terminal is doing. `suspect`: two reads of one session contradicted each other. */
export type DeviceState = (typeof DEVICE_STATES)[number];

const DAY_MS = 24 * 60 * 60_000;
export const HISTORY_BOUNDS = { longestDays: 400, mostPoints: 2_000, points: 500 };
/** Of a terminal whose users come and go all the time, the newest changes. */
const MOST_CHANGES = 500;

/** One terminal, now. */
export interface DeviceStatus {
  readonly device: Device;
  readonly state: DeviceState;
  readonly watch: DeviceWatchState | undefined;
  /** Since the last complete read; undefined: there is none. */
  readonly ageSeconds: number | undefined;
  readonly incident: Incident | undefined;
  readonly forecasts: Forecasts;
}

/** What was observed of one terminal in a range of time. */
export interface DeviceHistory {
  readonly from: Date;
  readonly to: Date;
  readonly pieces: readonly TimelinePiece[];
  readonly changes: CountChanges;
}

/** Shows how the terminals are doing, and how they did. */
@Injectable()
export class MonitoringStatusService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly devices: DevicesService,
    private readonly levels: FillLevels,
    private readonly observations: ObservationLog,
    private readonly counts: UserCountHistory,
    private readonly clock: Clock,
    @Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions,
  ) {}

  /** Every device, or one, in the order of their registration. @throws {DeviceNotFoundError} */
  async getStatus(deviceId?: string): Promise<DeviceStatus[]> {
    const devices = deviceId === undefined ? await this.devices.list() : [await this.devices.get(deviceId)];
    const ids = devices.map(({ id }) => id);
    const { manager } = this.dataSource;
    const now = this.clock.now();
    const watches = await manager.findBy(DeviceWatchState, { deviceId: In(ids) });
    const incidents = await manager.findBy(Incident, { deviceId: In(ids), state: 'open' });
    const forecasts = await this.levels.forecast(manager, ids, now);
    return devices.map((device) => {
      const watch = watches.find((each) => each.deviceId === device.id);
      const lastMs = watch?.lastCompleteAt?.getTime();
      return {
        device,
        watch,
        state: stateOf(device, watch, now),
        ageSeconds: lastMs === undefined ? undefined : Math.max(0, Math.round((now.getTime() - lastMs) / 1_000)),
        incident: incidents.find((each) => each.deviceId === device.id),
        forecasts: forecasts.get(device.id) ?? {},
      };
    });
  }

  /**
   * The history of a range, with gaps as gaps; the last day unless told otherwise.
   * @throws {DeviceNotFoundError} {HistoryRangeError}
   */
  async getHistory(
    deviceId: string,
    range: { readonly from?: Date; readonly to?: Date; readonly points?: number },
  ): Promise<DeviceHistory> {
    const { id } = await this.devices.get(deviceId);
    const now = this.clock.now();
    const to = range.to ?? now;
    const from = range.from ?? new Date(to.getTime() - DAY_MS);
    const days = (to.getTime() - from.getTime()) / DAY_MS;
    if (days <= 0 || days > HISTORY_BOUNDS.longestDays)
      throw new HistoryRangeError(from, to, HISTORY_BOUNDS.longestDays);
    // What has not been yet was not overlooked.
    const until = to > now && from < now ? now : to;
    const observed = await this.observations.find(this.dataSource.manager, id, from, until);
    const pieces = timelineOf(observed, { from, to: until, gapMs: observationGapMs(this.options) });
    return {
      from,
      to: until,
      pieces: condense(pieces, range.points ?? HISTORY_BOUNDS.points),
      changes: await this.counts.findChanges(id, { from, to: until }, MOST_CHANGES),
    };
  }
}

function stateOf(device: Device, watch: DeviceWatchState | undefined, now: Date): DeviceState {
  if (!device.enabled) return 'disabled';
  if (watch?.pausedUntil && watch.pausedUntil > now) return 'paused';
  if (watch?.suspectSince) return 'suspect';
  if (watch && watch.failures > 0) return 'failing';
  return watch?.lastCompleteAt ? 'ok' : 'never_read';
}
