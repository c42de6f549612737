import { type DeviceUserId } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { type ChannelSettings } from './channels/channel-settings.js';
import { type NoticeSeverity, type NoticeTopic } from './notice.js';

export const CHANNEL_KINDS = ['log', 'email', 'webhook', 'slack', 'telegram', 'ntfy'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** A way to administrators. */
@Entity('notification_channels')
@Index('notification_channels_name', ['name'], { unique: true })
@Check('notification_channels_kind', `kind in ('log', 'email', 'webhook', 'slack', 'telegram', 'ntfy')`)
@Check('notification_channels_severity', `min_severity in ('info', 'notice', 'warning', 'critical')`)
@Check('notification_channels_quiet', '(quiet_from is null) = (quiet_until is null)')
export class NotificationChannel {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('text') name: string;
  @Column('text') readonly kind: ChannelKind;
  @Column('boolean', { default: true }) enabled: boolean;
  /** What is less severe does not go this way. */
  @Column('text', { name: 'min_severity', default: 'notice' }) minSeverity: NoticeSeverity;
  /** Null: every topic. */
  @Column('text', { array: true, nullable: true }) topics: NoticeTopic[] | null;
  /** Names of people are shortened to their initials. */
  @Column('boolean', { name: 'initials_only', default: false }) initialsOnly: boolean;
  /** `22:00`, in the zone of the site; null: it is never quiet. */
  @Column('text', { name: 'quiet_from', nullable: true }) quietFrom: string | null;
  @Column('text', { name: 'quiet_until', nullable: true }) quietUntil: string | null;
  @Column('boolean', { name: 'critical_breaks_quiet', default: true }) criticalBreaksQuiet: boolean;
  /** Addresses and the like; no secrets. */
  @Column('jsonb', { default: {} }) settings: ChannelSettings;
  /** Closed by SecretVault; null: none. */
  @Column('text', { name: 'secret_sealed', nullable: true }) secretSealed: string | null;
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' }) readonly createdAt: Date;
  @Column('timestamptz', { name: 'updated_at', default: () => 'clock_timestamp()' }) updatedAt: Date;
}

/** Something that administrators are to be told. */
@Entity('notices')
@Index('notices_subject', ['subject'])
@Index('notices_reminder', ['nextReminderAt'], { where: 'next_reminder_at is not null' })
@Check('notices_severity', `severity in ('info', 'notice', 'warning', 'critical')`)
export class StoredNotice {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('text') topic: NoticeTopic;
  @Column('text') severity: NoticeSeverity;
  @Column('text') subject: string;
  @Column('bigint', { name: 'device_id', nullable: true }) deviceId: string | null;
  @Column('text', { name: 'device_name', nullable: true }) deviceName: string | null;
  @Column('text') headline: string;
  @Column('text', { array: true, default: [] }) details: string[];
  @Column('jsonb', { default: [] }) people: { readonly deviceUserId: DeviceUserId; readonly name: string | null }[];
  @Column('timestamptz', { nullable: true }) since: Date | null;
  @Column('text', { nullable: true }) path: string | null;
  @Column('timestamptz', { name: 'announced_at' }) announcedAt: Date;
  @Column('integer', { default: 0 }) reminders: number;
  /** Null: it is not told again. */
  @Column('timestamptz', { name: 'next_reminder_at', nullable: true }) nextReminderAt: Date | null;
}

export const DELIVERY_STATES = ['waiting', 'sent', 'given_up', 'withdrawn'] as const;
/** `withdrawn`: a reminder whose subject was settled before it left. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One notice on its way through one channel. */
@Entity('notice_deliveries')
@Index('notice_deliveries_once', ['noticeId', 'channelId', 'reminder'], { unique: true })
@Index('notice_deliveries_due', ['nextAttemptAt'], { where: `state = 'waiting'` })
@Index('notice_deliveries_channel', ['channelId', 'id'])
@Check('notice_deliveries_state', `state in ('waiting', 'sent', 'given_up', 'withdrawn')`)
@Check('notice_deliveries_settled', `(state = 'waiting') = (settled_at is null)`)
export class NoticeDelivery {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'notice_id' }) noticeId: string;
  @Column('bigint', { name: 'channel_id' }) channelId: string;
  /** 0: the first time; then the number of the reminder. */
  @Column('integer', { default: 0 }) reminder: number;
  @Column('text', { default: 'waiting' }) state: DeliveryState;
  /** Of the message that it is part of, the same at every attempt, so that a receiver can drop doubles. */
  @Column('text', { name: 'message_id', nullable: true }) messageId: string | null;
  @Column('integer', { default: 0 }) attempts: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'next_attempt_at' }) nextAttemptAt: Date;
  /** Until then a server is at it. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true }) claimedUntil: Date | null;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt: Date | null;
  @Column('text', { name: 'last_error', nullable: true }) lastError: string | null;
}

export const NOTIFICATION_ENTITIES = [NotificationChannel, StoredNotice, NoticeDelivery];
