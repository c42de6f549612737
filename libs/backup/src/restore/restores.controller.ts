import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, HttpCode, HttpStatus, Logger, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { BackupRestoreService } from '../backup-restore.service.js';
import { COPY_PROBLEMS, RESTORE_PROBLEMS, restoreRequestOf } from '../backups.controller.js';
import { ApplyBody, ListRestoresQuery, ListRestoreUsersQuery, PlanRestoreBody } from '../dto/backup.requests.js';
import { RestoreUserView, restoreUserView, RestoreView, restoreView } from '../dto/restore.view.js';
import { RestoreRepository } from './restore.repository.js';
import { Restores } from './restores.service.js';

class RestorePage extends pageOf(RestoreView) {}
class RestoreUserPage extends pageOf(RestoreUserView) {}

/** Plans that are kept: made, looked at, applied, gone on with. */
@ApiTags('backups')
@ApiBearerAuth()
@Permit('administrator')
@Controller('api/device-users/restores')
export class RestoresController {
  private readonly logger = new Logger(RestoresController.name);

  constructor(
    private readonly service: BackupRestoreService,
    private readonly restores: Restores,
    private readonly repository: RestoreRepository,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Plan a restore and keep the plan, to be looked at and applied',
    description: 'Writes nothing to the terminal.',
  })
  @ApiCreatedResponse({ type: RestoreView })
  @Problems('devices/not-found', ...RESTORE_PROBLEMS, ...COPY_PROBLEMS)
  async plan(@Body() body: PlanRestoreBody, @CurrentActor() actor: Actor): Promise<RestoreView> {
    return restoreView(await this.service.planRestore(body.backup, restoreRequestOf(body, actor)));
  }

  @Get()
  @ApiOperation({ summary: 'List restores, newest first' })
  @ApiOkResponse({ type: RestorePage })
  @Problems('http/bad-cursor')
  async list(@Query() { device_id: deviceId, state, ...page }: ListRestoresQuery): Promise<RestorePage> {
    const { items, nextCursor } = await this.repository.list({ deviceId, state }, page);
    const reports = await Promise.all(items.map(({ id }) => this.restores.describe(id)));
    return { items: reports.map(restoreView), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show one restore: what is planned, and how far it is' })
  @ApiOkResponse({ type: RestoreView })
  @Problems('backup/restore-not-found')
  async get(@Param() { id }: IdParam): Promise<RestoreView> {
    return restoreView(await this.restores.describe(id));
  }

  @Get(':id/users')
  @ApiOperation({ summary: 'List what is planned for each user, and what became of it' })
  @ApiOkResponse({ type: RestoreUserPage })
  @Problems('backup/restore-not-found', 'http/bad-cursor')
  async users(@Param() { id }: IdParam, @Query() { state, ...page }: ListRestoreUsersQuery): Promise<RestoreUserPage> {
    await this.repository.get(id);
    const { items, nextCursor } = await this.repository.listItems(id, state, page);
    return { items: items.map(restoreUserView), next_cursor: nextCursor };
  }

  @Post(':id/apply')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Carry out exactly this plan, if the terminal still is as it was planned for',
    description: 'The terminal is backed up first. What is interrupted goes on by itself, here or on another server.',
  })
  @ApiBody({ type: ApplyBody, required: false })
  @ApiOkResponse({ type: RestoreView, description: 'It is finished.' })
  @ApiAcceptedResponse({ type: RestoreView, description: 'It has begun.' })
  @Problems(
    'backup/restore-not-found',
    'backup/restore-settled',
    ...RESTORE_PROBLEMS,
    ...COPY_PROBLEMS,
    'backup/not-written',
    'backup/setup',
  )
  async apply(
    @Param() { id }: IdParam,
    @Body() { confirm_tripped: confirmTripped, wait = true }: ApplyBody,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RestoreView> {
    const begun = await this.restores.begin(id, { actor, confirmTripped });
    const applying = this.restores.goOn(begun);
    if (wait) return restoreView(await applying);
    applying.catch((error: unknown) => this.logger.warn(error));
    response.status(HttpStatus.ACCEPTED);
    return restoreView(await this.restores.describe(id));
  }

  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Give a plan up, or end a restore between two parts; whoever was brought back stays' })
  @ApiOkResponse({ type: RestoreView })
  @Problems('backup/restore-not-found', 'backup/restore-settled')
  async cancel(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<RestoreView> {
    return restoreView(await this.restores.cancel(id, actor));
  }
}
