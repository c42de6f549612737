import { type Tx } from '@app/database';
import { type DeviceCounters } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { type AppError } from '@app/kernel';
import { Notifications } from '@app/notification';
import { Injectable, Logger } from '@nestjs/common';
import { ObservationLog } from '../history/observation-log.js';
import { DeviceWatchState } from '../monitoring.entities.js';
import { FAILURES_UNTIL_ALERT, FAILURES_UNTIL_PAUSE, failureOf, PAUSE_MS } from './failure-policy.js';
import { FILL_KINDS, FillLevels } from './fill-levels.js';

/** A clock that is further off than this is worth a notice, and another one when it moves by as much. */
const NOTABLE_DRIFT_SECONDS = 60;
const SOON_FULL = { days: 14, share: 0.9 };

/** What a successful read showed of its terminal besides the users. */
export interface HealthFacts {
  readonly at: Date;
  readonly firmware?: string;
  readonly clockDriftSeconds?: number;
  readonly counters?: DeviceCounters;
}

/** How each terminal is doing: whether it answers, with what firmware and clock, and when it will be full. */
@Injectable()
export class DeviceHealth {
  private readonly logger = new Logger(DeviceHealth.name);

  constructor(
    private readonly notifications: Notifications,
    private readonly levels: FillLevels,
    private readonly observations: ObservationLog,
  ) {}

  /** It proved its list: what was wrong with it is over. `state` is as it was before. */
  async noteSuccess(tx: Tx, device: Device, state: DeviceWatchState, facts: HealthFacts): Promise<void> {
    const { at, firmware, clockDriftSeconds, counters } = facts;
    if (state.failures >= FAILURES_UNTIL_ALERT) await this.announceRecovery(tx, device, state, at);
    if (firmware && state.firmware && firmware !== state.firmware)
      await this.announceFirmware(tx, device, state.firmware, firmware);
    if (clockDriftSeconds !== undefined)
      await this.followClock(tx, device, state.clockDriftSeconds ?? 0, clockDriftSeconds);
    if (counters) await this.followFilling(tx, device, counters, at);
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
      },
    );
  }

  /** It gave no list. Only what the terminal did counts; that we stopped, or somebody else had it, does not. */
  async noteFailure(tx: Tx, device: Device, state: DeviceWatchState, error: AppError, at: Date): Promise<void> {
    const failure = failureOf(error);
    if (!failure) return;
    const failures = state.failures + 1;
    const failingSince = state.failingSince ?? at;
    const pausedUntil = failures >= FAILURES_UNTIL_PAUSE ? new Date(at.getTime() + PAUSE_MS) : null;
    await tx.update(
      DeviceWatchState,
      { deviceId: device.id },
      {
        failures,
        failingSince,
        pausedUntil,
        incompleteReads: failure === 'incomplete' ? state.incompleteReads + 1 : 0,
        lastFailureAt: at,
        lastFailureCode: error.code,
        lastFailureReason: error.message,
      },
    );
    const outcome = failure === 'incomplete' ? 'incomplete' : 'unreachable';
    await this.observations.note(tx, device.id, { outcome, userCount: null, at });
    await this.announceFailure(tx, device, { failure, failures, failingSince, error, before: state });
  }

  private async announceFailure(
    tx: Tx,
    device: Device,
    { failure, failures, failingSince, error, before }: Failing,
  ): Promise<void> {
    const about = { deviceId: device.id, deviceName: device.name, subject: reachOf(device), since: failingSince };
    const details = [`${error.code}: ${error.message}`];
    if (failure === 'replaced' && before.lastFailureCode !== error.code) {
      const headline = `Another terminal answers for "${device.name}"`;
      const [topic, severity] = ['device_replaced', 'critical'] as const;
      await this.notifications.announce(tx, { ...about, topic, severity, headline, details, repeats: true });
    } else if (failures === FAILURES_UNTIL_ALERT && failure !== 'replaced') {
      const headline = `"${device.name}" could not be read ${failures} times in a row`;
      const [topic, severity] = ['device_failing', 'warning'] as const;
      await this.notifications.announce(tx, { ...about, topic, severity, headline, details, repeats: true });
    }
    if (failures === FAILURES_UNTIL_PAUSE) {
      const headline = `"${device.name}" is left alone for ${PAUSE_MS / 60_000} minutes after ${failures} failures`;
      const [topic, severity] = ['device_paused', 'notice'] as const;
      await this.notifications.announce(tx, { ...about, topic, severity, headline, details });
    }
    if (failures >= FAILURES_UNTIL_PAUSE)
      this.logger.warn({ msg: 'the terminal is left alone for a while', device_id: device.id, failures });
  }

  private async announceRecovery(tx: Tx, device: Device, state: DeviceWatchState, at: Date): Promise<void> {
    const since = state.failingSince ?? at;
    const minutes = Math.round((at.getTime() - since.getTime()) / 60_000);
    await this.notifications.settle(tx, reachOf(device));
    await this.notifications.announce(tx, {
      topic: 'device_recovered',
      severity: 'notice',
      subject: reachOf(device),
      deviceId: device.id,
      deviceName: device.name,
      headline: `"${device.name}" can be read again, after ${minutes} minutes and ${state.failures} failures`,
      since,
    });
    this.logger.log({ msg: 'the terminal can be read again', device_id: device.id, device: device.name, minutes });
  }

  private async announceFirmware(tx: Tx, device: Device, before: string, now: string): Promise<void> {
    await this.notifications.announce(tx, {
      topic: 'device_firmware_changed',
      severity: 'notice',
      subject: `device:${device.id}:firmware:${now}`,
      deviceId: device.id,
      deviceName: device.name,
      headline: `The firmware of "${device.name}" is another one now`,
      details: [`Before: ${before}`, `Now: ${now}`],
    });
  }

  private async followClock(tx: Tx, device: Device, before: number, now: number): Promise<void> {
    const subject = `device:${device.id}:clock`;
    if (!isNotable(now)) {
      if (isNotable(before)) await this.notifications.settle(tx, subject);
      return;
    }
    if (isNotable(before) && !isNotable(now - before)) return;
    await this.notifications.announce(tx, {
      topic: 'device_clock_wrong',
      severity: 'notice',
      subject,
      deviceId: device.id,
      deviceName: device.name,
      headline: `The clock of "${device.name}" is ${Math.abs(now)} s ${now > 0 ? 'ahead' : 'behind'}`,
      details: ['Punches carry that time too; set it at the terminal.'],
    });
  }

  /** Told once when it is nearly full, or will be soon; and again when it is full. */
  private async followFilling(tx: Tx, device: Device, counters: DeviceCounters, at: Date): Promise<void> {
    const before = (await this.levels.forecast(tx, [device.id], at)).get(device.id);
    await this.levels.note(tx, device.id, counters, at);
    const now = (await this.levels.forecast(tx, [device.id], at)).get(device.id);
    for (const kind of FILL_KINDS) {
      const [was, is] = [before?.[kind], now?.[kind]];
      const subject = `device:${device.id}:filling:${kind}`;
      if (is && isSoonFull(is) && !(was && isSoonFull(was))) {
        const left =
          is.daysLeft === undefined ? '' : `, full ${is.daysLeft === 0 ? 'now' : `in about ${is.daysLeft} days`}`;
        await this.notifications.announce(tx, {
          topic: 'device_filling',
          severity: is.daysLeft === 0 ? 'critical' : 'warning',
          subject,
          deviceId: device.id,
          deviceName: device.name,
          headline: `"${device.name}" holds ${is.count} of ${is.capacity} ${kind}${left}`,
        });
      } else if (was && isSoonFull(was) && !(is && isSoonFull(is))) await this.notifications.settle(tx, subject);
    }
  }
}

interface Failing {
  readonly failure: 'incomplete' | 'unreachable' | 'replaced';
  readonly failures: number;
  readonly failingSince: Date;
  readonly error: AppError;
  readonly before: DeviceWatchState;
}

function reachOf({ id }: Device): string {
  return `device:${id}:reach`;
}

function isNotable(seconds: number): boolean {
  return Math.abs(seconds) > NOTABLE_DRIFT_SECONDS;
}

function isSoonFull({ share, daysLeft }: { readonly share: number; readonly daysLeft?: number }): boolean {
  return share >= SOON_FULL.share || (daysLeft !== undefined && daysLeft < SOON_FULL.days);
}
