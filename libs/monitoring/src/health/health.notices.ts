import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { type AppError } from '@app/kernel';
import { lengthOf, type Notice, Notifications } from '@app/notification';
import { Injectable } from '@nestjs/common';
import { PAUSE_MS } from './failure-policy.js';
import { type FillForecast } from './fill-forecast.js';
import { FILL_KINDS, type FillKind } from './fill-levels.js';
import { type FillStage, type ReachAlert } from './standing-alerts.js';

/** An outage so far. */
export interface Outage {
  readonly error: AppError;
  readonly failures: number;
  readonly since: Date;
  readonly at: Date;
}

/** Puts what happens to terminals into words for administrators. */
@Injectable()
export class HealthNotices {
  constructor(private readonly notifications: Notifications) {}

  async outage(tx: Tx, device: Device, alert: ReachAlert, outage: Outage): Promise<void> {
    await this.announce(tx, device, `device:${device.id}:reach`, {
      ...noticeOf(alert, device, outage),
      details: [outage.error.message],
      since: outage.since,
    });
  }

  /** Ends the reminders of an outage and says so. */
  async recovered(
    tx: Tx,
    device: Device,
    { failures, since, at }: { readonly failures: number; readonly since: Date; readonly at: Date },
  ): Promise<void> {
    await this.settleOutage(tx, device.id);
    const lasted = lengthOf(at.getTime() - since.getTime());
    await this.announce(tx, device, `device:${device.id}:reach`, {
      topic: 'device_recovered',
      severity: 'notice',
      headline: `"${device.name}" can be read again, after ${lasted} and ${times(failures)}`,
      since,
    });
  }

  async firmwareChanged(tx: Tx, device: Device, before: string, now: string): Promise<void> {
    await this.announce(tx, device, `device:${device.id}:firmware`, {
      topic: 'device_firmware_changed',
      severity: 'notice',
      headline: `The firmware of "${device.name}" is another one now`,
      details: [`Before: ${before}`, `Now: ${now}`],
    });
  }

  async clockWrong(tx: Tx, device: Device, driftSeconds: number): Promise<void> {
    const off = `${Math.round(Math.abs(driftSeconds))} s ${driftSeconds > 0 ? 'ahead' : 'behind'}`;
    await this.announce(tx, device, `device:${device.id}:clock`, {
      topic: 'device_clock_wrong',
      severity: 'notice',
      headline: `The clock of "${device.name}" is ${off}`,
      details: ['Punches carry that time too; set it at the terminal.'],
    });
  }

  async filling(
    tx: Tx,
    device: Device,
    kind: FillKind,
    { stage, forecast }: { readonly stage: FillStage; readonly forecast: FillForecast },
  ): Promise<void> {
    const { count, capacity, daysLeft } = forecast;
    const when = stage === 'full' ? ': it is full' : daysLeft === undefined ? '' : `, full in about ${days(daysLeft)}`;
    await this.announce(tx, device, `device:${device.id}:filling:${kind}`, {
      topic: 'device_filling',
      severity: stage === 'full' ? 'critical' : 'warning',
      headline: `"${device.name}" holds ${count} of ${capacity} ${kind}${when}`,
    });
  }

  async settleOutage(tx: Tx, deviceId: string): Promise<void> {
    await this.notifications.settle(tx, `device:${deviceId}:reach`);
  }

  async settleClock(tx: Tx, deviceId: string): Promise<void> {
    await this.notifications.settle(tx, `device:${deviceId}:clock`);
  }

  async settleFilling(tx: Tx, deviceId: string, kind: FillKind): Promise<void> {
    await this.notifications.settle(tx, `device:${deviceId}:filling:${kind}`);
  }

  /** Ends whatever was told of a terminal that nobody reads any more. */
  async settleAll(tx: Tx, deviceId: string): Promise<void> {
    await this.settleOutage(tx, deviceId);
    await this.settleClock(tx, deviceId);
    for (const kind of FILL_KINDS) await this.settleFilling(tx, deviceId, kind);
  }

  private async announce(
    tx: Tx,
    device: Device,
    subject: string,
    notice: Omit<Notice, 'subject' | 'deviceId' | 'deviceName' | 'path'>,
  ): Promise<void> {
    const path = `/api/device-users/monitoring/status?device_id=${device.id}`;
    await this.notifications.announce(tx, { subject, deviceId: device.id, deviceName: device.name, path, ...notice });
  }
}

function noticeOf(
  alert: ReachAlert,
  { name }: Device,
  { error, failures, since, at }: Outage,
): Pick<Notice, 'topic' | 'severity' | 'headline' | 'repeats'> {
  if (alert === 'replaced') {
    const headline = `Another terminal answers for "${name}" (${error.code})`;
    return { topic: 'device_replaced', severity: 'critical', headline, repeats: true };
  }
  if (alert === 'failing') {
    const headline = `"${name}" cannot be read for ${lengthOf(at.getTime() - since.getTime())} (${error.code}, ${times(failures)})`;
    return { topic: 'device_failing', severity: 'warning', headline, repeats: true };
  }
  const headline = `"${name}" is left alone for ${lengthOf(PAUSE_MS)} at a time after ${times(failures)} (${error.code})`;
  return { topic: 'device_paused', severity: 'notice', headline };
}

function times(failures: number): string {
  return failures === 1 ? '1 failure' : `${failures} failures in a row`;
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}
