import { type NotificationChannel, type StoredNotice } from '../notification.entities.js';
import { NOTICE_SEVERITIES, type NoticeSeverity } from '../notice.js';

/** More devices than this in one go are one event, told as one. */
const MOST_DEVICES_APART = 5;
/** Names in one notice; whoever wants more looks at the incident. */
const MOST_PEOPLE = 20;
/** Notices that are spelled out in one message. */
const MOST_NOTICES = 30;

/** One notice on its way: the first time, or as a reminder. */
export interface NoticeOnItsWay {
  readonly notice: StoredNotice;
  readonly reminder: number;
}

/** What is handed to a channel. */
export interface Message {
  /** The same at every attempt. */
  readonly id: string;
  readonly severity: NoticeSeverity;
  readonly subject: string;
  /** Plain text, a line each. */
  readonly text: string;
  /** For programs. */
  readonly notices: readonly MessageNotice[];
}

export interface MessageNotice {
  readonly topic: string;
  readonly severity: NoticeSeverity;
  readonly subject: string;
  readonly device_id: string | null;
  readonly device_name: string | null;
  readonly headline: string;
  readonly details: readonly string[];
  readonly device_users: readonly { readonly device_user_id: string; readonly name: string | null }[];
  readonly since: string | null;
  readonly announced_at: string;
  readonly reminder: number;
  readonly url: string | null;
}

/**
 * Which notices that wait for one channel become which message: those of one device together; and if there are many
 * devices, or the channel was quiet meanwhile, all of them.
 */
export function groupsOf<T extends NoticeOnItsWay>(
  waiting: readonly T[],
  { digest }: { readonly digest: boolean },
): T[][] {
  const byDevice = new Map<string, T[]>();
  for (const each of waiting) {
    const key = each.notice.deviceId ?? each.notice.subject;
    byDevice.set(key, [...(byDevice.get(key) ?? []), each]);
  }
  return digest || byDevice.size > MOST_DEVICES_APART ? [[...waiting]] : [...byDevice.values()];
}

/** Puts a group into words, as its channel wants them. */
export function messageOf(
  id: string,
  group: readonly NoticeOnItsWay[],
  channel: Pick<NotificationChannel, 'initialsOnly'>,
  { now, publicUrl }: { readonly now: Date; readonly publicUrl?: string },
): Message {
  const notices = group.map((each) => noticeOf(each, channel.initialsOnly, publicUrl));
  const severity = worst(notices.map((notice) => notice.severity));
  const lead = group.find(({ notice }) => notice.severity === severity) ?? group[0];
  const others = group.length - 1;
  const devices = new Set(notices.map(({ device_id: device }) => device)).size;
  const more = others === 0 ? '' : ` (and ${others} more${devices > 1 ? ` at ${devices} terminals` : ''})`;
  return {
    id,
    severity,
    subject: `[Holdfast ${severity}] ${spoken(lead, now)}${more}`,
    text: [
      ...group.slice(0, MOST_NOTICES).map((each, i) => paragraphOf(each, notices[i], now)),
      ...(group.length > MOST_NOTICES ? [`… and ${group.length - MOST_NOTICES} more`] : []),
    ].join('\n\n'),
    notices,
  };
}

function noticeOf({ notice, reminder }: NoticeOnItsWay, initialsOnly: boolean, publicUrl?: string): MessageNotice {
  return {
    topic: notice.topic,
    severity: notice.severity,
    subject: notice.subject,
    device_id: notice.deviceId,
    device_name: notice.deviceName,
    headline: notice.headline,
    details: notice.details,
    device_users: notice.people.map(({ deviceUserId, name }) => ({
      device_user_id: deviceUserId,
      name: name !== null && initialsOnly ? initialsOf(name) : name,
    })),
    since: notice.since?.toISOString() ?? null,
    announced_at: notice.announcedAt.toISOString(),
    reminder,
    url: notice.path === null || publicUrl === undefined ? null : new URL(notice.path, publicUrl).href,
  };
}

/** The headline; a reminder says how long it has been so. */
function spoken({ notice, reminder }: NoticeOnItsWay, now: Date): string {
  if (reminder === 0) return notice.headline;
  return `Still so, ${lengthOf(now.getTime() - (notice.since ?? notice.announcedAt).getTime())}: ${notice.headline}`;
}

function paragraphOf(each: NoticeOnItsWay, { device_users: users, details, url }: MessageNotice, now: Date): string {
  const named = users
    .slice(0, MOST_PEOPLE)
    .map(({ device_user_id: id, name }) => (name === null ? id : `${id} (${oneLine(name)})`));
  const more = users.length > MOST_PEOPLE ? `, … ${users.length} in all` : '';
  return [
    spoken(each, now),
    ...(named.length > 0 ? [`Users: ${named.join(', ')}${more}`] : []),
    ...details.map(oneLine),
    ...(each.notice.since ? [`Since: ${each.notice.since.toISOString()}`] : []),
    ...(url === null ? [] : [`See: ${url}`]),
  ].join('\n');
}

/** The first letter of each word, as `M. H.`, in whatever script. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s\p{P}]+/u).filter((word) => word !== '');
  return words.map((word) => `${[...word][0].toUpperCase()}.`).join(' ');
}

/** `9 h`, `3 days`, rounded down. */
export function lengthOf(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

function worst(severities: readonly NoticeSeverity[]): NoticeSeverity {
  return NOTICE_SEVERITIES[Math.max(...severities.map((each) => NOTICE_SEVERITIES.indexOf(each)))];
}

/** Names are what a terminal holds: no line break of theirs makes a line of ours. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
