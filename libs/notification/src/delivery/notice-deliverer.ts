import { randomUUID } from 'node:crypto';
import { DeviceUserAuditService } from '@app/audit';
import { AppConfig } from '@app/config';
import { AppError, Clock, systemActor } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChannelSenders } from '../channels/channel-senders.js';
import { type NotificationChannel } from '../notification.entities.js';
import { type ClaimedDelivery, DeliveryQueue } from './delivery-queue.js';
import { groupsOf, messageOf } from './message.js';
import { endOfQuiet } from './quiet-hours.js';

export const NOTIFICATION_SERVICE = 'notification';

/** Hands over what waits: claims, groups, sends, notes. No transaction is open while a message is under way. */
@Injectable()
export class NoticeDeliverer {
  private readonly logger = new Logger(NoticeDeliverer.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly queue: DeliveryQueue,
    private readonly senders: ChannelSenders,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** All that is due now; one channel that fails or is slow keeps no other waiting. */
  async deliverDue(signal: AbortSignal): Promise<void> {
    const due = await this.queue.claim(this.clock.now());
    await Promise.all(due.map(({ channel, claimed }) => this.deliverThrough(channel, claimed, signal)));
  }

  private async deliverThrough(
    channel: NotificationChannel,
    claimed: readonly ClaimedDelivery[],
    signal: AbortSignal,
  ): Promise<void> {
    const { begun, fresh } = this.sorted(claimed);
    for (const group of begun) await this.hand(channel, group, signal);
    const quietUntil = this.quietUntil(channel);
    const loud = fresh.filter(({ notice }) => channel.criticalBreaksQuiet && notice.severity === 'critical');
    const leaving = quietUntil ? loud : fresh;
    if (quietUntil) {
      const waiting = fresh.filter((each) => !loud.includes(each));
      if (waiting.length > 0) await this.queue.postpone(waiting, quietUntil);
    }
    // What has waited for the end of the quiet goes as one digest.
    const rested = leaving.filter(
      ({ delivery }) => delivery.nextAttemptAt > delivery.createdAt && delivery.attempts === 0,
    );
    const others = leaving.filter((each) => !rested.includes(each));
    for (const group of [...groupsOf(rested, { digest: true }), ...groupsOf(others, { digest: false })]) {
      if (group.length === 0) continue;
      const messageId = randomUUID();
      await this.queue.bindTo(messageId, group);
      await this.hand(channel, group.map(boundTo(messageId)), signal);
    }
  }

  /** A message that was tried before goes as the same message again: its receiver may have it already. */
  private sorted(claimed: readonly ClaimedDelivery[]): { begun: ClaimedDelivery[][]; fresh: ClaimedDelivery[] } {
    const begun = new Map<string, ClaimedDelivery[]>();
    for (const each of claimed) {
      const { messageId } = each.delivery;
      if (messageId !== null) begun.set(messageId, [...(begun.get(messageId) ?? []), each]);
    }
    return { begun: [...begun.values()], fresh: claimed.filter(({ delivery }) => delivery.messageId === null) };
  }

  private quietUntil({ quietFrom: from, quietUntil: until }: NotificationChannel): Date | undefined {
    if (from === null || until === null) return undefined;
    return endOfQuiet({ from, until }, this.clock.now(), this.config.timeZone);
  }

  private async hand(
    channel: NotificationChannel,
    group: readonly ClaimedDelivery[],
    signal: AbortSignal,
  ): Promise<void> {
    const about = { channel: channel.name, kind: channel.kind, notices: group.length };
    const id = group[0].delivery.messageId ?? randomUUID();
    const now = this.clock.now();
    try {
      const { publicUrl } = this.config;
      await this.senders.send(channel, messageOf(id, group, channel, { now, publicUrl }), signal);
    } catch (error) {
      const reason = error instanceof AppError ? error.message : String(error);
      const givenUp = await this.queue.noteFailure(group, reason, this.clock.now());
      this.logger.warn({ msg: 'a notification was not delivered; it is tried again', ...about, reason });
      if (givenUp.length > 0) await this.noteGivenUp(channel, givenUp, reason);
      return;
    }
    await this.queue.noteSent(group, this.clock.now());
    if (channel.kind !== 'log') this.logger.log({ msg: 'notification delivered', ...about, message_id: id });
  }

  private async noteGivenUp(
    channel: NotificationChannel,
    givenUp: readonly ClaimedDelivery[],
    reason: string,
  ): Promise<void> {
    const notices = givenUp.map(({ notice }) => notice.id);
    this.logger.error({ msg: 'notifications were given up', channel: channel.name, notices, reason });
    await this.dataSource.transaction((tx) =>
      this.audit.logOperation(tx, {
        operation: 'notification_given_up',
        performedBy: systemActor,
        serviceName: NOTIFICATION_SERVICE,
        details: { channel: channel.name, notice_ids: notices, reason },
      }),
    );
  }
}

function boundTo(messageId: string): (each: ClaimedDelivery) => ClaimedDelivery {
  return ({ delivery, ...rest }) => ({ ...rest, delivery: { ...delivery, messageId } });
}
