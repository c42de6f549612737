import { CurrentActor, Permit } from '@app/auth';
import { TERMINAL_PROBLEMS } from '@app/device-gateway';
import { DevicesService } from '@app/devices';
import { IdParam, pageOf, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import {
  Controller,
  Get,
  HttpStatus,
  type MessageEvent,
  Param,
  Post,
  Query,
  Res,
  Sse,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import { ListRunsQuery } from './dto/list-runs.query.js';
import { SyncDeviceQuery } from './dto/sync-device.query.js';
import { SyncRunView, syncRunView } from './dto/sync-run.view.js';
import { DirectMachineSync } from './direct-machine-sync.service.js';
import { type RunNews, RunProgressBoard } from './run-progress.board.js';
import { SyncRunJournal } from './sync-run.journal.js';

class SyncRunPage extends pageOf(SyncRunView) {}

@ApiTags('sync runs')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api')
export class SyncRunsController {
  constructor(
    private readonly devices: DevicesService,
    private readonly directSync: DirectMachineSync,
    private readonly journal: SyncRunJournal,
    private readonly board: RunProgressBoard,
  ) {}

  @Post('devices/:id/sync')
  @Permit('operator')
  @ApiOperation({
    summary: 'Read a terminal now: buffer its users, import its punches',
    description:
      'Answers when the run has ended, or at once with `wait=false`. Read-only: nothing changes on the terminal.',
  })
  @ApiOkResponse({ type: SyncRunView, description: 'The run has ended well.' })
  @ApiAcceptedResponse({ type: SyncRunView, description: 'The run has begun; its progress can be watched.' })
  @Problems(
    'devices/not-found',
    'coordination/lease-busy',
    'device/serial-mismatch',
    'coordination/lease-lost',
    'work/aborted',
    ...TERMINAL_PROBLEMS,
  )
  async sync(
    @Param() { id }: IdParam,
    @Query() { wait }: SyncDeviceQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SyncRunView> {
    const { runId, finished } = await this.directSync.start(await this.devices.get(id), { actor });
    response.status(wait ? HttpStatus.OK : HttpStatus.ACCEPTED);
    if (wait) await finished;
    return syncRunView(await this.journal.get(runId));
  }

  @Get('sync-runs')
  @ApiOperation({ summary: 'List sync runs, newest first' })
  @ApiOkResponse({ type: SyncRunPage })
  @Problems('http/bad-cursor')
  async list(@Query() query: ListRunsQuery): Promise<SyncRunPage> {
    const { device_id: deviceId, ...rest } = query;
    const { items, nextCursor } = await this.journal.list({ ...rest, deviceId });
    return { items: items.map(syncRunView), next_cursor: nextCursor };
  }

  @Get('sync-runs/:id')
  @ApiOperation({ summary: 'Show one sync run' })
  @ApiOkResponse({ type: SyncRunView })
  @Problems('sync/run-not-found')
  async get(@Param() { id }: IdParam): Promise<SyncRunView> {
    return syncRunView(await this.journal.get(id));
  }

  @Sse('sync-runs/:id/progress')
  @ApiOperation({
    summary: 'Watch a sync run until it has ended',
    description:
      'Server-sent events: `progress` with stage, received_bytes and total_bytes, details_done and details_total; at last `ended` with the run. Stages: ' +
      'waiting, connecting, counting, reading, proving, reading_punches, storing; elsewhere: another server runs it.',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @Problems('sync/run-not-found')
  async watch(@Param() { id }: IdParam): Promise<Observable<MessageEvent>> {
    await this.journal.get(id); // an unknown run is told as such, before a stream begins
    return this.board.watch(id).pipe(map(messageOf));
  }
}

function messageOf(news: RunNews): MessageEvent {
  if ('ended' in news) return { type: 'ended', data: syncRunView(news.ended) };
  const { progress } = news;
  const bytes = 'receivedBytes' in progress ? progress : undefined;
  const data = {
    stage: progress.stage,
    received_bytes: bytes?.receivedBytes ?? null,
    total_bytes: bytes?.totalBytes ?? null,
    details_done: bytes?.details?.done ?? null,
    details_total: bytes?.details?.of ?? null,
  };
  return { type: 'progress', data };
}
