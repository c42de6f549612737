import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DevicesModule } from '@app/devices';
import { MetricsModule } from '@app/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ChannelSenders } from './channels/channel-senders.js';
import { ChannelsService } from './channels/channels.service.js';
import { MailSender } from './channels/mail-sender.js';
import { OutboundHttp } from './channels/outbound-http.js';
import { OutboundNetworks } from './channels/outbound-networks.js';
import { DeliveriesService } from './delivery/deliveries.service.js';
import { DeliveryQueue } from './delivery/delivery-queue.js';
import { NoticeDeliverer } from './delivery/notice-deliverer.js';
import { Heartbeat } from './heartbeat.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationMetrics } from './notification.metrics.js';
import { NotificationOutbox } from './notification-outbox.js';
import { NotificationSchedule } from './notification.schedule.js';
import { NOTIFICATION_ENTITIES } from './notification.entities.js';
import { Notifications } from './notifications.js';

/** Tells administrators what they must know, through an outbox that loses nothing. */
@Module({
  imports: [
    AuditModule,
    ClockModule,
    DeviceGatewayModule,
    DevicesModule,
    MetricsModule,
    TypeOrmModule.forFeature(NOTIFICATION_ENTITIES),
  ],
  controllers: [NotificationsController],
  providers: [
    NotificationOutbox,
    { provide: Notifications, useExisting: NotificationOutbox },
    NoticeDeliverer,
    DeliveryQueue,
    DeliveriesService,
    ChannelsService,
    ChannelSenders,
    MailSender,
    OutboundHttp,
    OutboundNetworks,
    Heartbeat,
    NotificationSchedule,
    NotificationMetrics,
  ],
  exports: [Notifications, ChannelsService, DeliveriesService],
})
export class NotificationModule {}
