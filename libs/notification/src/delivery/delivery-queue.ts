import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { NoticeDelivery, NotificationChannel, StoredNotice } from '../notification.entities.js';
import { nextAttempt } from './retry-plan.js';

/** Longer than any message may take; then another server takes over. */
const CLAIM_MS = 60_000;
const MOST_AT_ONCE = 500;

/** A delivery with its notice, claimed for this server. */
export interface ClaimedDelivery {
  readonly delivery: NoticeDelivery;
  readonly notice: StoredNotice;
  readonly reminder: number;
}

/** What waits to be delivered. Several servers share it: whoever claims a row has it for a minute. */
@Injectable()
export class DeliveryQueue {
  constructor(private readonly dataSource: DataSource) {}

  /** What is due, by channel, in the order of announcing. */
  async claim(now: Date): Promise<{ channel: NotificationChannel; claimed: ClaimedDelivery[] }[]> {
    const [rows] = await this.dataSource.query<[{ id: string }[], number]>(
      `update notice_deliveries set claimed_until = $2
        where id in (select id from notice_deliveries
                      where state = 'waiting' and next_attempt_at <= $1 and coalesce(claimed_until <= $1, true)
                      order by id limit ${MOST_AT_ONCE} for update skip locked)
        returning id`,
      [now, new Date(now.getTime() + CLAIM_MS)],
    );
    if (rows.length === 0) return [];
    const { manager } = this.dataSource;
    const deliveries = await manager.find(NoticeDelivery, {
      where: { id: In(rows.map(({ id }) => id)) },
      order: { id: 'ASC' },
    });
    const notices = await manager.findBy(StoredNotice, { id: In(deliveries.map(({ noticeId }) => noticeId)) });
    const channels = await manager.findBy(NotificationChannel, {
      id: In(deliveries.map(({ channelId }) => channelId)),
    });
    const noticeOf = new Map(notices.map((notice) => [notice.id, notice]));
    return channels.map((channel) => ({
      channel,
      claimed: deliveries.flatMap((delivery) => {
        const notice = noticeOf.get(delivery.noticeId);
        return notice && delivery.channelId === channel.id ? [{ delivery, notice, reminder: delivery.reminder }] : [];
      }),
    }));
  }

  /** These are one message from now on, at every attempt. */
  async bindTo(messageId: string, claimed: readonly ClaimedDelivery[]): Promise<void> {
    await this.dataSource.manager.update(NoticeDelivery, { id: In(idsOf(claimed)) }, { messageId });
  }

  /** They wait until then, and go together. */
  async postpone(claimed: readonly ClaimedDelivery[], until: Date): Promise<void> {
    const ids = In(idsOf(claimed));
    await this.dataSource.manager.update(
      NoticeDelivery,
      { id: ids },
      { nextAttemptAt: until, claimedUntil: null, messageId: null },
    );
  }

  async noteSent(claimed: readonly ClaimedDelivery[], now: Date): Promise<void> {
    await this.dataSource.query(
      `update notice_deliveries set state = 'sent', settled_at = $2, claimed_until = null, attempts = attempts + 1, last_error = null
        where id = any($1::bigint[])`,
      [idsOf(claimed), now],
    );
  }

  /** They are tried again, or given up; gives those that are given up. */
  async noteFailure(claimed: readonly ClaimedDelivery[], reason: string, now: Date): Promise<ClaimedDelivery[]> {
    const givenUp: ClaimedDelivery[] = [];
    for (const each of claimed) {
      const { id, createdAt, attempts } = each.delivery;
      const next = nextAttempt(attempts + 1, createdAt, now);
      if (!next) givenUp.push(each);
      const change = next
        ? { nextAttemptAt: next }
        : ({ state: 'given_up', settledAt: now } satisfies Partial<NoticeDelivery>);
      await this.dataSource.manager.update(
        NoticeDelivery,
        { id },
        { ...change, attempts: attempts + 1, claimedUntil: null, lastError: reason },
      );
    }
    return givenUp;
  }
}

function idsOf(claimed: readonly ClaimedDelivery[]): string[] {
  return claimed.map(({ delivery }) => delivery.id);
}
