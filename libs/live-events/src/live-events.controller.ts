import { type AuthenticatedRequest, credentialOf, CurrentCaller, type Caller, Permit } from '@app/auth';
import { Problems } from '@app/http';
import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { WatchEventsQuery } from './dto/watch-events.query.js';
import { LiveEvents } from './live-events.service.js';

@ApiTags('events')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/events')
export class LiveEventsController {
  constructor(private readonly events: LiveEvents) {}

  @Get()
  @ApiOperation({
    summary: 'Watch what happens, as it happens',
    description:
      'Server-sent events that do not end: `run` (started, finished, withdrawn), `incident` (opened, changed, closed), `count` (changed), ' +
      '`operation` (intended, settled) and `device` (failing, paused, recovered), each with device_id, happened_at and ids to read more by. ' +
      'First `ready`; with Last-Event-ID everything since, or `reset` when that is not kept any more. docs/api.md tells more.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that was taken; browsers send it by themselves.',
    schema: { type: 'string', maxLength: 100 },
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @Problems('events/too-many-streams', 'events/no-more-streams')
  async watch(
    @Query() { types, device_id: deviceId, last_event_id: fromQuery }: WatchEventsQuery,
    @Headers('last-event-id') fromHeader: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: AuthenticatedRequest,
    @Res() response: Response,
  ): Promise<void> {
    const credential = credentialOf(request);
    if (request.method === 'HEAD' || !credential) {
      response.type('text/event-stream').end();
      return;
    }
    const lastEventId = fromHeader ?? fromQuery;
    await this.events.stream({ caller, credential }, response, { filter: { types, deviceId }, lastEventId });
  }
}
