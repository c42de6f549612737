import { type Tx } from '@app/database';
import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { nextReminder } from './delivery/retry-plan.js';
import { type Notice, NOTICE_SEVERITIES } from './notice.js';
import { StoredNotice } from './notification.entities.js';
import { Notifications } from './notifications.js';

/**
 * Keeps notices and their deliveries in the caller's transaction. Once that commits, they are delivered, whatever happens
 * to this process; if it does not, nothing was ever announced.
 */
@Injectable()
export class NotificationOutbox extends Notifications {
  constructor(private readonly clock: Clock) {
    super();
  }

  async announce(tx: Tx, notice: Notice): Promise<void> {
    const now = this.clock.now();
    const { topic, severity, subject, deviceId, deviceName, headline, details, people, since, path } = notice;
    // The newest notice of a subject is the one that is repeated.
    if (notice.repeats) await this.endReminders(tx, subject);
    const { identifiers } = await tx.insert(StoredNotice, {
      topic,
      severity,
      subject,
      deviceId: deviceId ?? null,
      deviceName: deviceName ?? null,
      headline,
      details: [...(details ?? [])],
      people: [...(people ?? [])],
      since: since ?? null,
      path: path ?? null,
      announcedAt: now,
      nextReminderAt: notice.repeats ? nextReminder(0, now) : null,
    });
    await this.send(tx, String(identifiers[0].id), 0, now);
  }

  async settle(tx: Tx, subject: string): Promise<void> {
    await this.endReminders(tx, subject);
    await tx.query(
      `update notice_deliveries d set state = 'withdrawn', settled_at = $2
         from notices n
        where n.id = d.notice_id and n.subject = $1 and d.reminder > 0 and d.state = 'waiting' and d.claimed_until is null`,
      [subject, this.clock.now()],
    );
  }

  /** Open matters whose next reminder is due; gives how many. */
  async remindDue(tx: Tx): Promise<number> {
    const now = this.clock.now();
    const due = await tx
      .createQueryBuilder(StoredNotice, 'notice')
      .where('notice.nextReminderAt <= :now', { now })
      .orderBy('notice.nextReminderAt', 'ASC')
      .limit(500)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany();
    for (const { id, reminders, announcedAt } of due) {
      let next = reminders + 1;
      // After a long standstill, what was missed is told once.
      while (nextReminder(next, announcedAt) <= now) next += 1;
      await tx.update(StoredNotice, { id }, { reminders: next, nextReminderAt: nextReminder(next, announcedAt) });
      await this.send(tx, id, next, now);
    }
    return due.length;
  }

  private async endReminders(tx: Tx, subject: string): Promise<void> {
    await tx.query('update notices set next_reminder_at = null where subject = $1 and next_reminder_at is not null', [
      subject,
    ]);
  }

  /** One delivery for each channel that wants it. */
  private async send(tx: Tx, noticeId: string, reminder: number, at: Date): Promise<void> {
    await tx.query(
      `insert into notice_deliveries (notice_id, channel_id, reminder, created_at, next_attempt_at)
       select n.id, c.id, $2::integer, $3::timestamptz, $3::timestamptz
         from notices n join notification_channels c
           on c.enabled and (c.topics is null or n.topic = any(c.topics))
              and array_position($4::text[], c.min_severity) <= array_position($4::text[], n.severity)
        where n.id = $1
       on conflict (notice_id, channel_id, reminder) do nothing`,
      [noticeId, reminder, at, [...NOTICE_SEVERITIES]],
    );
  }
}
