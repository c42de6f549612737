import { CurrentActor, Permit } from '@app/auth';
import { IdParam, NoReplay, pageOf, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { ChannelsService, type ChannelWishes } from './channels/channels.service.js';
import { DeliveriesService } from './delivery/deliveries.service.js';
import {
  ChangeChannelBody,
  type ChannelWishesBody,
  CreateChannelBody,
  ListDeliveriesQuery,
} from './dto/channel.requests.js';
import { ChannelView, channelView, DeliveryView, deliveryView } from './dto/notification.views.js';
import { ChannelSettingsError } from './notification.errors.js';

const TEST_PATIENCE_MS = 15_000;

class DeliveryPage extends pageOf(DeliveryView) {}

@ApiTags('notifications')
@ApiBearerAuth()
@Controller('api/notifications')
export class NotificationsController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly deliveries: DeliveriesService,
  ) {}

  @Get('channels')
  @ApiOperation({ summary: 'List the ways in which administrators are told' })
  @ApiOkResponse({ type: ChannelView, isArray: true })
  @Permit('administrator')
  async list(): Promise<ChannelView[]> {
    return (await this.channels.list()).map(channelView);
  }

  @Post('channels')
  @ApiOperation({ summary: 'Add a channel' })
  @ApiCreatedResponse({ type: ChannelView })
  @Problems('notification/bad-channel', 'notification/name-taken', 'notification/log-channel')
  @Permit('administrator')
  async create(@Body() { kind, name, ...body }: CreateChannelBody, @CurrentActor() actor: Actor): Promise<ChannelView> {
    requireBothTimes(kind, body);
    return channelView(await this.channels.create(kind, name, wishesOf(body), actor));
  }

  @Patch('channels/:id')
  @ApiOperation({ summary: 'Change a channel; settings are replaced as a whole, the secret only when it is given' })
  @ApiOkResponse({ type: ChannelView })
  @Problems(
    'notification/bad-channel',
    'notification/name-taken',
    'notification/log-channel',
    'notification/channel-not-found',
  )
  @Permit('administrator')
  async change(
    @Param() { id }: IdParam,
    @Body() { name, ...body }: ChangeChannelBody,
    @CurrentActor() actor: Actor,
  ): Promise<ChannelView> {
    const { kind } = await this.channels.get(id);
    requireBothTimes(kind, body);
    return channelView(await this.channels.change(id, { name, ...wishesOf(body) }, actor));
  }

  @Delete('channels/:id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Remove a channel; what waits for it is not delivered any more' })
  @ApiNoContentResponse()
  @Problems('notification/channel-not-found', 'notification/log-channel')
  @Permit('administrator')
  async remove(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<void> {
    await this.channels.remove(id, actor);
  }

  @Post('channels/:id/test')
  @HttpCode(HttpStatus.NO_CONTENT)
  @NoReplay()
  @ApiOperation({ summary: 'Send a test message now, and say whether it was taken' })
  @ApiNoContentResponse()
  @Problems('notification/channel-not-found', 'notification/not-delivered')
  @Permit('administrator')
  async test(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<void> {
    await this.channels.test(id, actor, AbortSignal.timeout(TEST_PATIENCE_MS));
  }

  @Get('deliveries')
  @ApiOperation({ summary: 'List what was sent, what waits and what was given up, newest first' })
  @ApiOkResponse({ type: DeliveryPage })
  @Problems('http/bad-cursor')
  @Permit('administrator')
  async listDeliveries(
    @Query() { channel_id: channelId, device_id: deviceId, state, ...page }: ListDeliveriesQuery,
  ): Promise<DeliveryPage> {
    const { items, nextCursor } = await this.deliveries.list({ channelId, deviceId, state }, page);
    return { items: items.map(deliveryView), next_cursor: nextCursor };
  }

  @Post('deliveries/:id/replay')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Send a notice again, as a message of its own' })
  @ApiOkResponse({ type: DeliveryView })
  @Problems('notification/delivery-not-found', 'notification/delivery-waiting')
  @Permit('administrator')
  async replay(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<DeliveryView> {
    return deliveryView(await this.deliveries.replay(id, actor));
  }
}

function wishesOf(body: ChannelWishesBody): ChannelWishes {
  return {
    settings: body.settings && { ...body.settings },
    secret: body.secret,
    enabled: body.enabled,
    minSeverity: body.min_severity,
    topics: body.topics,
    initialsOnly: body.initials_only,
    quietFrom: body.quiet_from,
    quietUntil: body.quiet_until,
    criticalBreaksQuiet: body.critical_breaks_quiet,
  };
}

/** Half a time of quiet is none. */
function requireBothTimes(kind: string, { quiet_from: from, quiet_until: until }: ChannelWishesBody): void {
  if ((from === undefined) !== (until === undefined) || (from === null) !== (until === null))
    throw new ChannelSettingsError(kind, 'give quiet_from and quiet_until together, or both as null');
}
