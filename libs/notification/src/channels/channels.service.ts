import { DeviceUserAuditService } from '@app/audit';
import { sqlState, SqlState, type Tx } from '@app/database';
import { SecretVault } from '@app/devices';
import { type Actor, Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { randomUUID } from 'node:crypto';
import { messageOf } from '../delivery/message.js';
import { NOTIFICATION_SERVICE } from '../delivery/notice-deliverer.js';
import { type ChannelKind, NotificationChannel, StoredNotice } from '../notification.entities.js';
import { ChannelNameTakenError, ChannelNotFoundError, LogChannelError } from '../notification.errors.js';
import { ChannelSenders } from './channel-senders.js';
import { type ChannelSettings, requireSettings } from './channel-settings.js';

/** What can be set of a channel; undefined: as it is. */
export type ChannelWishes = Partial<
  Pick<
    NotificationChannel,
    'name' | 'enabled' | 'minSeverity' | 'topics' | 'initialsOnly' | 'quietFrom' | 'quietUntil' | 'criticalBreaksQuiet'
  >
> & { readonly settings?: ChannelSettings; readonly secret?: string };

/** The ways to administrators, and what each is told. */
@Injectable()
export class ChannelsService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(NotificationChannel) private readonly channels: Repository<NotificationChannel>,
    private readonly senders: ChannelSenders,
    private readonly vault: SecretVault,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<NotificationChannel[]> {
    return this.channels.find({ order: { id: 'ASC' } });
  }

  /** @throws {ChannelNotFoundError} */
  async get(id: string): Promise<NotificationChannel> {
    const channel = await this.channels.findOneBy({ id });
    if (!channel) throw new ChannelNotFoundError(id);
    return channel;
  }

  /** By number or name. @throws {ChannelNotFoundError} */
  async resolve(wanted: string): Promise<NotificationChannel> {
    const found = (await this.list()).find(({ id, name }) => id === wanted || name === wanted);
    if (!found) throw new ChannelNotFoundError(`"${wanted}"`);
    return found;
  }

  /** @throws {ChannelSettingsError} {ChannelNameTakenError} {LogChannelError} */
  async create(kind: ChannelKind, name: string, wishes: ChannelWishes, actor: Actor): Promise<NotificationChannel> {
    if (kind === 'log') throw new LogChannelError();
    const { secret, settings = {}, ...rest } = wishes;
    requireSettings(kind, settings, secret);
    const secretSealed = secret === undefined ? null : await this.vault.close(secret);
    return this.storing(name, async (tx) => {
      const wanted = { ...known(rest), name, kind, settings, secretSealed };
      const { identifiers } = await tx.insert(NotificationChannel, wanted);
      const channel = await tx.findOneByOrFail(NotificationChannel, { id: String(identifiers[0].id) });
      await this.note(tx, 'notification_channel_created', channel, actor, { ...known(rest), settings });
      return channel;
    });
  }

  /** @throws {ChannelNotFoundError} {ChannelSettingsError} {ChannelNameTakenError} {LogChannelError} */
  async change(id: string, wishes: ChannelWishes, actor: Actor): Promise<NotificationChannel> {
    const before = await this.get(id);
    const { secret, settings = before.settings, ...rest } = wishes;
    if (before.kind === 'log' && (rest.enabled === false || rest.name !== undefined)) throw new LogChannelError();
    const openSecret =
      secret ?? (before.secretSealed === null ? undefined : await this.vault.open(before.secretSealed));
    requireSettings(before.kind, settings, openSecret);
    const sealed = secret === undefined ? {} : { secretSealed: await this.vault.close(secret) };
    return this.storing(rest.name ?? before.name, async (tx) => {
      const change = { ...known(rest), settings, ...sealed, updatedAt: this.clock.now() };
      await tx.update(NotificationChannel, { id }, change);
      const channel = await tx.findOneByOrFail(NotificationChannel, { id });
      const told = { ...known(rest), settings, ...(secret === undefined ? {} : { access_changed: true }) };
      await this.note(tx, 'notification_channel_changed', channel, actor, told);
      return channel;
    });
  }

  /** What waits for it is not delivered any more. @throws {ChannelNotFoundError} {LogChannelError} */
  async remove(id: string, actor: Actor): Promise<void> {
    const channel = await this.get(id);
    if (channel.kind === 'log') throw new LogChannelError();
    await this.dataSource.transaction(async (tx) => {
      await tx.query(
        `update notice_deliveries set state = 'withdrawn', settled_at = $2 where channel_id = $1 and state = 'waiting'`,
        [id, this.clock.now()],
      );
      await tx.delete(NotificationChannel, { id });
      await this.note(tx, 'notification_channel_deleted', channel, actor, {});
    });
  }

  /** Sends a message that says that it is a test, now. @throws {ChannelNotFoundError} {NotDeliveredError} */
  async test(id: string, actor: Actor, signal: AbortSignal): Promise<void> {
    const channel = await this.get(id);
    const now = this.clock.now();
    const notice = Object.assign(new StoredNotice(), {
      topic: 'test',
      severity: 'info',
      subject: `test:${randomUUID()}`,
      deviceId: null,
      deviceName: null,
      headline: `This is a test of the channel "${channel.name}", asked for by ${actor.name}`,
      details: ['Nothing has happened. If you can read this, real notifications will arrive too.'],
      people: [],
      since: null,
      path: null,
      announcedAt: now,
    });
    await this.senders.send(channel, messageOf(randomUUID(), [{ notice, reminder: 0 }], channel, { now }), signal);
    await this.dataSource.transaction((tx) => this.note(tx, 'notification_tested', channel, actor, {}));
  }

  private async storing<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      if (sqlState(error) === SqlState.UNIQUE_VIOLATION) throw new ChannelNameTakenError(name);
      throw error;
    }
  }

  private async note(
    tx: Tx,
    operation:
      | 'notification_channel_created'
      | 'notification_channel_changed'
      | 'notification_channel_deleted'
      | 'notification_tested',
    { id, name, kind }: NotificationChannel,
    performedBy: Actor,
    details: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.logOperation(tx, {
      operation,
      performedBy,
      serviceName: NOTIFICATION_SERVICE,
      details: { channel_id: id, channel: name, kind, ...details },
    });
  }
}

function known<T extends object>(wishes: T): Partial<T> {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as Partial<T>;
}
