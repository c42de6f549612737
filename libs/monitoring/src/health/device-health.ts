import { type Tx } from '@app/database';
import { type DeviceCounters } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { type AppError } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ObservationLog } from '../history/observation-log.js';
import { DeviceWatchState } from '../monitoring.entities.js';
import { failureOf, PAUSE_MS } from './failure-policy.js';
import { FILL_KINDS, FillLevels } from './fill-levels.js';
import { HealthNotices } from './health.notices.js';
import {
  clockAlertDue,
  FAILURES_UNTIL_PAUSE,
  fillAlertDue,
  reachAlertsDue,
  type StandingAlerts,
} from './standing-alerts.js';

/** What a successful read showed of its terminal besides the users. */
export interface HealthFacts {
  readonly at: Date;
  readonly firmware?: string;
  readonly clockDriftSeconds?: number;
  readonly counters?: DeviceCounters;
}

/**
 * How each terminal is doing: whether it answers, with what firmware and clock, and when it will be full. What is told of
 * that stands in its watch until it is over; reads of one terminal take turns at that row, which the caller has locked.
 */
@Injectable()
export class DeviceHealth {
  private readonly logger = new Logger(DeviceHealth.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly notices: HealthNotices,
    private readonly levels: FillLevels,
    private readonly observations: ObservationLog,
  ) {}

  /** It proved its list: what was wrong with it is over. `state` is as it was before. */
  async noteSuccess(tx: Tx, device: Device, state: DeviceWatchState, facts: HealthFacts): Promise<void> {
    const { at, firmware, clockDriftSeconds, counters } = facts;
    const { failures } = state;
    if (state.told.reach?.length) {
      const since = state.failingSince ?? at;
      await this.notices.recovered(tx, device, { failures, since, at });
      this.logger.log({ msg: 'the terminal can be read again', device_id: device.id, device: device.name, failures });
    }
    if (firmware && state.firmware && firmware !== state.firmware)
      await this.notices.firmwareChanged(tx, device, state.firmware, firmware);
    await tx.update(
      DeviceWatchState,
      { deviceId: device.id },
      {
        failures: 0,
        incompleteReads: 0,
        failingSince: null,
        pausedUntil: null,
        firmware: firmware ?? state.firmware,
        clockDriftSeconds: clockDriftSeconds ?? state.clockDriftSeconds,
        told: withoutUnset({
          clockDriftSeconds: await this.followClock(tx, device, state.told, clockDriftSeconds),
          filling: await this.followFilling(tx, device, state.told, { counters, at }),
        }),
      },
    );
  }

  /** It gave no list. Only what the terminal did counts; that we stopped, or somebody else had it, does not. */
  async noteFailure(tx: Tx, device: Device, state: DeviceWatchState, error: AppError, at: Date): Promise<void> {
    const failure = failureOf(error);
    if (!failure) return;
    const failures = state.failures + 1;
    const failingSince = state.failingSince ?? at;
    const { reach = [] } = state.told;
    const due = reachAlertsDue(failure, failures, reach);
    for (const alert of due) await this.notices.outage(tx, device, alert, { error, failures, since: failingSince, at });
    const isPaused = failures >= FAILURES_UNTIL_PAUSE;
    await tx.update(
      DeviceWatchState,
      { deviceId: device.id },
      {
        failures,
        failingSince,
        pausedUntil: isPaused ? new Date(at.getTime() + PAUSE_MS) : null,
        incompleteReads: failure === 'incomplete' ? state.incompleteReads + 1 : 0,
        lastFailureAt: at,
        lastFailureCode: error.code,
        lastFailureReason: error.message,
        told: { ...state.told, reach: [...reach, ...due] },
      },
    );
    const outcome = failure === 'incomplete' ? 'incomplete' : 'unreachable';
    await this.observations.note(tx, device.id, { outcome, userCount: null, at });
    if (isPaused) this.logger.warn({ msg: 'the terminal is left alone for a while', device_id: device.id, failures });
  }

  /**
   * Takes back what was told of terminals that have been switched off: nobody reads them, so nobody would ever see that
   * it is over. They begin afresh when they are switched on again. Gives how many there were.
   */
  async letGoOfDisabled(): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const [rows] = await tx.query<[{ device_id: string }[], number]>(
        `update device_watch w
            set told = '{}', failures = 0, incomplete_reads = 0, failing_since = null, paused_until = null
           from devices d
          where d.id = w.device_id and not d.enabled and (w.told <> '{}' or w.failures > 0)
          returning w.device_id`,
      );
      for (const { device_id: id } of rows) await this.notices.settleAll(tx, id);
      return rows.length;
    });
  }

  /** What stands of the clock afterwards. */
  private async followClock(
    tx: Tx,
    device: Device,
    { clockDriftSeconds: told }: StandingAlerts,
    driftSeconds: number | undefined,
  ): Promise<number | undefined> {
    const due = driftSeconds === undefined ? undefined : clockAlertDue(driftSeconds, told);
    if (driftSeconds === undefined || due === undefined) return told;
    if (due === 'settle') {
      await this.notices.settleClock(tx, device.id);
      return undefined;
    }
    await this.notices.clockWrong(tx, device, driftSeconds);
    return driftSeconds;
  }

  /** What stands of filling afterwards. A kind whose capacity the terminal does not tell is left as it is. */
  private async followFilling(
    tx: Tx,
    device: Device,
    { filling: told }: StandingAlerts,
    { counters, at }: Pick<HealthFacts, 'counters' | 'at'>,
  ): Promise<StandingAlerts['filling']> {
    if (!counters) return told;
    await this.levels.note(tx, device.id, counters, at);
    const forecasts = (await this.levels.forecast(tx, [device.id], at)).get(device.id);
    const stages = { ...told };
    for (const kind of FILL_KINDS) {
      const forecast = forecasts?.[kind];
      const due = forecast && fillAlertDue(forecast, told?.[kind]);
      if (!due) continue;
      if (due === 'settle') {
        await this.notices.settleFilling(tx, device.id, kind);
        delete stages[kind];
      } else {
        await this.notices.filling(tx, device, kind, { stage: due, forecast });
        stages[kind] = due;
      }
    }
    return Object.keys(stages).length > 0 ? stages : undefined;
  }
}

function withoutUnset(alerts: StandingAlerts): StandingAlerts {
  return Object.fromEntries(Object.entries(alerts).filter(([, value]) => value !== undefined));
}
