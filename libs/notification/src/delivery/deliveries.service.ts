import { DeviceUserAuditService } from '@app/audit';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type DeliveryState, NoticeDelivery, NotificationChannel, StoredNotice } from '../notification.entities.js';
import { DeliveryNotFoundError, DeliveryWaitingError } from '../notification.errors.js';
import { NOTIFICATION_SERVICE } from './notice-deliverer.js';

/** A delivery with what it delivers, and where to. */
export interface DeliveryDetail {
  readonly delivery: NoticeDelivery;
  readonly notice: StoredNotice;
  /** Null: the channel has been removed. */
  readonly channelName: string | null;
}

/** The log of what was sent, and what was not. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** A page of deliveries, newest first. @throws {BadCursorError} */
  async list(
    filter: { readonly channelId?: string; readonly state?: DeliveryState; readonly deviceId?: string },
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: DeliveryDetail[]; nextCursor: string | null }> {
    const found = this.dataSource.manager
      .createQueryBuilder(NoticeDelivery, 'delivery')
      .orderBy('delivery.id', 'DESC')
      .limit(limit + 1);
    if (filter.channelId !== undefined) found.andWhere('delivery.channelId = :channelId', filter);
    if (filter.state !== undefined) found.andWhere('delivery.state = :state', filter);
    if (filter.deviceId !== undefined) {
      const about = `exists (select from notices n where n.id = delivery.notice_id and n.device_id = :deviceId)`;
      found.andWhere(about, filter);
    }
    if (cursor !== undefined) found.andWhere('delivery.id < :last', { last: decodeCursor(cursor) });
    const deliveries = await found.getMany();
    const last = deliveries.length > limit ? deliveries[limit - 1] : undefined;
    return { items: await this.detailed(deliveries.slice(0, limit)), nextCursor: last ? encodeCursor(last.id) : null };
  }

  /**
   * Sends a notice again that was sent, given up or withdrawn, as a message of its own.
   * @throws {DeliveryNotFoundError} {DeliveryWaitingError} it has not ended yet
   */
  async replay(id: string, actor: Actor): Promise<DeliveryDetail> {
    await this.dataSource.transaction(async (tx) => {
      const delivery = await tx.findOne(NoticeDelivery, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!delivery) throw new DeliveryNotFoundError(id);
      if (delivery.state === 'waiting') throw new DeliveryWaitingError(id);
      const now = this.clock.now();
      const anew = { state: 'waiting', messageId: null, attempts: 0, createdAt: now, nextAttemptAt: now } as const;
      await tx.update(NoticeDelivery, { id }, { ...anew, claimedUntil: null, settledAt: null, lastError: null });
      await this.audit.logOperation(tx, {
        operation: 'notification_replayed',
        performedBy: actor,
        serviceName: NOTIFICATION_SERVICE,
        details: { delivery_id: id, channel_id: delivery.channelId, was: delivery.state },
      });
    });
    const delivery = await this.dataSource.manager.findOneByOrFail(NoticeDelivery, { id });
    return (await this.detailed([delivery]))[0];
  }

  private async detailed(deliveries: readonly NoticeDelivery[]): Promise<DeliveryDetail[]> {
    const { manager } = this.dataSource;
    const channels = await manager.find(NotificationChannel);
    const notices = await manager
      .createQueryBuilder(StoredNotice, 'notice')
      .where('notice.id = any(:ids)', { ids: deliveries.map(({ noticeId }) => noticeId) })
      .getMany();
    const noticeOf = new Map(notices.map((notice) => [notice.id, notice]));
    return deliveries.flatMap((delivery) => {
      const notice = noticeOf.get(delivery.noticeId);
      const channelName = channels.find(({ id }) => id === delivery.channelId)?.name ?? null;
      return notice ? [{ delivery, notice, channelName }] : [];
    });
  }
}
