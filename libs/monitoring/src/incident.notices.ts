import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { compareDeviceUserIds } from '@app/kernel';
import { type NoticeSeverity, Notifications } from '@app/notification';
import { Injectable } from '@nestjs/common';
import { type KnownUser } from './compare-reads.js';
import { type Incident } from './monitoring.entities.js';

/** What has just happened to an incident. */
interface IncidentNews {
  readonly device: Device;
  readonly incident: Incident;
  /** Whom it happened to. */
  readonly users: readonly Pick<KnownUser, 'deviceUserId' | 'name'>[];
  readonly at: Date;
}

const SEVERITY: Readonly<Record<Incident['level'], NoticeSeverity>> = {
  notice: 'warning',
  trip: 'critical',
  hard_trip: 'critical',
};

/** Puts what happens to incidents into words for administrators. */
@Injectable()
export class IncidentNotices {
  constructor(private readonly notifications: Notifications) {}

  async opened(tx: Tx, news: IncidentNews): Promise<void> {
    const { device, incident } = news;
    const again = incident.reopened > 0 ? ' again' : '';
    const headline =
      incident.kind === 'device_reset'
        ? `Terminal "${device.name}" looks reset: ${countOf(incident.missingUsers)} of ${incident.knownUsers} are gone${again}`
        : `${countOf(news.users.length)} of ${incident.knownUsers} vanished from "${device.name}"${again}`;
    await this.announce(tx, 'incident_opened', news, headline);
  }

  async grown(tx: Tx, news: IncidentNews): Promise<void> {
    const { device, incident, users } = news;
    const headline = `${countOf(users.length)} more vanished from "${device.name}"; ${incident.missingUsers} are missing now`;
    await this.announce(tx, 'incident_grown', news, headline);
  }

  async recovering(tx: Tx, news: IncidentNews): Promise<void> {
    const { device, incident, users } = news;
    const headline = `${countOf(users.length)} returned to "${device.name}"; ${incident.missingUsers} are still missing`;
    await this.announce(tx, 'incident_recovering', news, headline);
  }

  async recovered(tx: Tx, news: IncidentNews): Promise<void> {
    await this.closed(tx, news, `Nobody is missing from "${news.device.name}" any more`);
  }

  async closed(tx: Tx, news: IncidentNews, headline: string): Promise<void> {
    await this.notifications.settle(tx, subjectOf(news.incident));
    await this.announce(tx, 'incident_closed', news, headline);
  }

  private async announce(
    tx: Tx,
    topic: 'incident_opened' | 'incident_grown' | 'incident_recovering' | 'incident_closed',
    { device, incident, users, at }: IncidentNews,
    headline: string,
  ): Promise<void> {
    const alarming = topic === 'incident_opened' || topic === 'incident_grown';
    await this.notifications.announce(tx, {
      topic,
      // Whoever heard of the loss hears of its end.
      severity: alarming ? SEVERITY[incident.level] : topic === 'incident_closed' ? 'notice' : 'info',
      subject: subjectOf(incident),
      deviceId: device.id,
      deviceName: device.name,
      headline,
      details: alarming ? detailsOf(incident) : [],
      people: users
        .map(({ deviceUserId, name }) => ({ deviceUserId, name }))
        .toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId)),
      since: alarming ? at : incident.openedAt,
      repeats: alarming,
      path: `/api/device-users/incidents/${incident.id}`,
    });
  }
}

function subjectOf({ id }: Incident): string {
  return `incident:${id}`;
}

function countOf(users: number): string {
  return users === 1 ? '1 user' : `${users} users`;
}

function detailsOf({ level, lastCompleteAt, causes }: Incident): string[] {
  const probable = causes
    .slice(0, 3)
    .map(({ cause, confidence, evidence }) =>
      cause === 'unknown'
        ? 'Cause: unknown'
        : `Cause (${confidence}): ${cause.replaceAll('_', ' ')}. ${evidence[0] ?? ''}`.trim(),
    );
  return [
    `Level: ${level.replaceAll('_', ' ')}`,
    `Last complete read with everybody: ${lastCompleteAt.toISOString()}`,
    ...probable,
  ];
}
