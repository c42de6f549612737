import { AdminGuard, CurrentActor } from '@app/auth';
import { DevicesService } from '@app/devices';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { ListRunsQuery } from './dto/list-runs.query.js';
import { SyncRunView, syncRunView } from './dto/sync-run.view.js';
import { MachineSyncService } from './machine-sync.service.js';
import { SyncRunJournal } from './sync-run.journal.js';

class SyncRunPage extends pageOf(SyncRunView) {}

@ApiTags('sync runs')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@UseGuards(AdminGuard)
@Controller('api')
export class SyncRunsController {
  constructor(
    private readonly devices: DevicesService,
    private readonly machineSync: MachineSyncService,
    private readonly journal: SyncRunJournal,
  ) {}

  @Post('devices/:id/sync')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Read a terminal now and buffer its users',
    description: 'Answers when the run has ended. Read-only: nothing changes on the terminal.',
  })
  @ApiOkResponse({ type: SyncRunView })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'devices/not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'coordination/lease-busy, device/serial-mismatch' })
  @ApiServiceUnavailableResponse({
    type: ProblemDocument,
    description: 'device/incomplete-read, device/unreachable, …',
  })
  async sync(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<SyncRunView> {
    const { runId } = await this.machineSync.syncDevice(await this.devices.get(id), actor);
    return syncRunView(await this.journal.get(runId));
  }

  @Get('sync-runs')
  @ApiOperation({ summary: 'List sync runs, newest first' })
  @ApiOkResponse({ type: SyncRunPage })
  async list(@Query() query: ListRunsQuery): Promise<SyncRunPage> {
    const { device_id: deviceId, ...rest } = query;
    const { items, nextCursor } = await this.journal.list({ ...rest, deviceId });
    return { items: items.map(syncRunView), next_cursor: nextCursor };
  }

  @Get('sync-runs/:id')
  @ApiOperation({ summary: 'Show one sync run' })
  @ApiOkResponse({ type: SyncRunView })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'sync/run-not-found' })
  async get(@Param() { id }: IdParam): Promise<SyncRunView> {
    return syncRunView(await this.journal.get(id));
  }
}
