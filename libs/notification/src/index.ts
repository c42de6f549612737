export { ChannelsService, type ChannelWishes } from './channels/channels.service.js';
export { OutboundNetworks } from './channels/outbound-networks.js';
export { DeliveriesService } from './delivery/deliveries.service.js';
export { lengthOf } from './delivery/message.js';
export { NoticeDeliverer } from './delivery/notice-deliverer.js';
export { ChannelView, channelView } from './dto/notification.views.js';
export { Heartbeat } from './heartbeat.js';
export { type Notice, NOTICE_SEVERITIES, NOTICE_TOPICS, type NoticeSeverity, type NoticeTopic } from './notice.js';
export {
  type ChannelKind,
  type DeliveryState,
  NoticeDelivery,
  NOTIFICATION_ENTITIES,
  NotificationChannel,
  StoredNotice,
} from './notification.entities.js';
export { NotDeliveredError } from './notification.errors.js';
export { NotificationModule } from './notification.module.js';
export { NotificationOutbox } from './notification-outbox.js';
export { Notifications } from './notifications.js';
