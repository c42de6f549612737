import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { type DeliveryDetail } from '../delivery/deliveries.service.js';
import {
  CHANNEL_KINDS,
  type ChannelKind,
  DELIVERY_STATES,
  type DeliveryState,
  type NotificationChannel,
} from '../notification.entities.js';
import { NOTICE_SEVERITIES, NOTICE_TOPICS, type NoticeSeverity, type NoticeTopic } from '../notice.js';
import { ChannelSettingsBody } from './channel.requests.js';

export class ChannelView {
  @ApiRowId() readonly id: string;
  @ApiProperty({ type: String, example: 'it-mail' }) readonly name: string;
  @ApiProperty({ enum: CHANNEL_KINDS }) readonly kind: ChannelKind;
  @ApiProperty({ type: Boolean }) readonly enabled: boolean;
  @ApiProperty({ enum: NOTICE_SEVERITIES }) readonly min_severity: NoticeSeverity;
  @ApiProperty({ enum: NOTICE_TOPICS, isArray: true, nullable: true }) readonly topics: readonly NoticeTopic[] | null;
  @ApiProperty({ type: Boolean }) readonly initials_only: boolean;
  @ApiProperty({ type: String, nullable: true, example: '22:00' }) readonly quiet_from: string | null;
  @ApiProperty({ type: String, nullable: true, example: '06:30' }) readonly quiet_until: string | null;
  @ApiProperty({ type: Boolean }) readonly critical_breaks_quiet: boolean;
  @ApiProperty({ type: ChannelSettingsBody }) readonly settings: ChannelSettingsBody;
  @ApiProperty({ type: Boolean, description: 'Whether a password, key or token is stored; it is never shown.' })
  readonly has_secret: boolean;
}

export class DeliveryView {
  @ApiRowId() readonly id: string;
  @ApiRowId() readonly channel_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'it-mail' }) readonly channel: string | null;
  @ApiProperty({ enum: NOTICE_TOPICS }) readonly topic: NoticeTopic;
  @ApiProperty({ enum: NOTICE_SEVERITIES }) readonly severity: NoticeSeverity;
  @ApiProperty({ type: String, example: 'incident:17' }) readonly subject: string;
  @ApiRowId({ nullable: true }) readonly device_id: string | null;
  @ApiProperty({ type: String, example: '3 users of 120 vanished from "Main entrance"' }) readonly headline: string;
  @ApiProperty({ type: 'integer', example: 0, description: '0: the first time; then the number of the reminder.' })
  readonly reminder: number;
  @ApiProperty({
    enum: DELIVERY_STATES,
    description:
      'given_up: it could not be delivered within a day. withdrawn: a reminder whose matter was settled before.',
  })
  readonly state: DeliveryState;
  @ApiProperty({ type: 'integer', example: 1 }) readonly attempts: number;
  @ApiInstant() readonly created_at: Date;
  @ApiInstant({ nullable: true, description: 'Null: it has ended.' }) readonly next_attempt_at: Date | null;
  @ApiInstant({ nullable: true }) readonly settled_at: Date | null;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly last_error: string | null;
}

export function channelView(channel: NotificationChannel): ChannelView {
  return {
    id: channel.id,
    name: channel.name,
    kind: channel.kind,
    enabled: channel.enabled,
    min_severity: channel.minSeverity,
    topics: channel.topics,
    initials_only: channel.initialsOnly,
    quiet_from: channel.quietFrom,
    quiet_until: channel.quietUntil,
    critical_breaks_quiet: channel.criticalBreaksQuiet,
    settings: channel.settings,
    has_secret: channel.secretSealed !== null,
  };
}

export function deliveryView({ delivery, notice, channelName }: DeliveryDetail): DeliveryView {
  return {
    id: delivery.id,
    channel_id: delivery.channelId,
    channel: channelName,
    topic: notice.topic,
    severity: notice.severity,
    subject: notice.subject,
    device_id: notice.deviceId,
    headline: notice.headline,
    reminder: delivery.reminder,
    state: delivery.state,
    attempts: delivery.attempts,
    created_at: delivery.createdAt,
    next_attempt_at: delivery.state === 'waiting' ? delivery.nextAttemptAt : null,
    settled_at: delivery.settledAt,
    last_error: delivery.lastError,
  };
}
