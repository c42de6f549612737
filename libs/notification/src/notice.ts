import { type DeviceUserId } from '@app/kernel';

export const NOTICE_TOPICS = [
  'incident_opened',
  'incident_grown',
  'incident_recovering',
  'incident_closed',
  'device_failing',
  'device_paused',
  'device_recovered',
  'device_replaced',
  'device_filling',
  'device_firmware_changed',
  'device_clock_wrong',
  'backup_failed',
  'backup_recovered',
  'backup_invalid',
  'backup_drill_failed',
  'restore_finished',
  'guard_healed',
  'guard_declined',
  'test',
] as const;
export type NoticeTopic = (typeof NOTICE_TOPICS)[number];

export const NOTICE_SEVERITIES = ['info', 'notice', 'warning', 'critical'] as const;
export type NoticeSeverity = (typeof NOTICE_SEVERITIES)[number];

/** What administrators are told. The texts carry no name of a person: names go into `people`, which can be shortened. */
export interface Notice {
  readonly topic: NoticeTopic;
  readonly severity: NoticeSeverity;
  /** What it is about, such as `incident:17`. Notices of one subject belong together, and are settled together. */
  readonly subject: string;
  readonly deviceId?: string;
  readonly deviceName?: string;
  /** One line: what happened, where, how much. */
  readonly headline: string;
  /** More facts, one line each. */
  readonly details?: readonly string[];
  readonly people?: readonly { readonly deviceUserId: DeviceUserId; readonly name: string | null }[];
  /** Since when it has been so; a reminder tells how long that is. */
  readonly since?: Date;
  /** Told again, with how long it has lasted, until its subject is settled. */
  readonly repeats?: boolean;
  /** Where to look, as a path of the API: `/api/device-users/incidents/17`. */
  readonly path?: string;
}
