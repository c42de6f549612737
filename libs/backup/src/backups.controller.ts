import { CurrentActor, Permit } from '@app/auth';
import { TERMINAL_PROBLEMS } from '@app/device-gateway';
import { DevicesService } from '@app/devices';
import { pageOf, Problems } from '@app/http';
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
import { BackupBoard } from './backup-board.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { BackupRestoreService, type RestoreRequest } from './backup-restore.service.js';
import { BackupStatus } from './backup-status.js';
import { BackupDrills } from './drill/backup-drills.service.js';
import { BackupUpkeep } from './backup-upkeep.js';
import { FilenameParam, ListBackupsQuery, MakeBackupBody, RestoreBody } from './dto/backup.requests.js';
import {
  BackupAgendaListView,
  BackupUnderwayView,
  backupUnderwayView,
  BackupView,
  backupView,
  VerificationView,
  verificationView,
} from './dto/backup.view.js';
import { planView, RestoreResultView, restoreResultView } from './dto/restore.view.js';
import { RestoreRepository } from './restore/restore.repository.js';

class BackupPage extends pageOf(BackupView) {}

/** Users of a finished restore that are told with it; the rest is under its own route. */
const TOLD_USERS = 200;

/** What can go wrong while a terminal is copied. */
export const COPY_PROBLEMS = [
  'coordination/lease-busy',
  'coordination/lease-lost',
  'device/serial-mismatch',
  'work/aborted',
  ...TERMINAL_PROBLEMS,
] as const;
/** What can be wrong with a backup that is to be restored. */
export const RESTORE_PROBLEMS = [
  'backup/not-found',
  'backup/not-usable',
  'backup/invalid',
  'backup/key-missing',
  'backup/other-protocol',
  'backup/stale-plan',
  'monitoring/tripped',
] as const;

@ApiTags('backups')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/device-users/backups')
export class BackupsController {
  private readonly logger = new Logger(BackupsController.name);

  constructor(
    private readonly service: BackupRestoreService,
    private readonly catalogue: BackupCatalogue,
    private readonly upkeep: BackupUpkeep,
    private readonly drills: BackupDrills,
    private readonly status: BackupStatus,
    private readonly board: BackupBoard,
    private readonly restores: RestoreRepository,
    private readonly devices: DevicesService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the backups of terminals, newest first' })
  @ApiOkResponse({ type: BackupPage })
  @Problems('http/bad-cursor')
  async list(@Query() { device_id: deviceId, state, ...page }: ListBackupsQuery): Promise<BackupPage> {
    const { items, nextCursor } = await this.service.listBackups({ deviceId, state }, page);
    return { items: items.map(backupView), next_cursor: nextCursor };
  }

  @Post()
  @Permit('operator')
  @ApiOperation({
    summary: 'Back up a terminal now: everybody, with everything that it hands out',
    description: 'Answers when the backup is written and read again, or at once with `wait: false`. Read-only.',
  })
  @ApiCreatedResponse({ type: BackupView, description: 'The backup is made.' })
  @ApiAcceptedResponse({
    type: BackupUnderwayView,
    description: 'It has begun; `GET …/backups/underway` shows how far it is.',
  })
  @Problems('devices/not-found', 'backup/not-written', 'backup/setup', ...COPY_PROBLEMS)
  async make(
    @Body() { device_id: deviceId, wait = true }: MakeBackupBody,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BackupView | BackupUnderwayView> {
    const device = await this.devices.get(deviceId);
    const startedAt = new Date();
    const making = this.service.backupDeviceUsers(device, { actor });
    if (wait) return backupView(await making);
    // What goes wrong is logged, told and shown by the agenda.
    making.catch((error: unknown) => this.logger.debug(error));
    response.status(HttpStatus.ACCEPTED);
    return backupUnderwayView({ deviceId, deviceName: device.name, trigger: 'request', startedAt });
  }

  @Get('underway')
  @ApiOperation({ summary: 'Show which backups this server is making, and how far they are' })
  @ApiOkResponse({ type: BackupUnderwayView, isArray: true })
  underway(): BackupUnderwayView[] {
    return this.board.list().map(backupUnderwayView);
  }

  @Get('agenda')
  @ApiOperation({ summary: 'Show for every terminal its newest backups, when the next is due, and what failed' })
  @ApiOkResponse({ type: BackupAgendaListView })
  async agenda(): Promise<BackupAgendaListView> {
    return this.status.describe();
  }

  @Get(':filename')
  @ApiOperation({ summary: 'Show one backup: counts, and what it lacks; no secrets' })
  @ApiOkResponse({ type: BackupView })
  @Problems('backup/not-found')
  async get(@Param() { filename }: FilenameParam): Promise<BackupView> {
    return backupView(await this.catalogue.get(filename));
  }

  @Post(':filename/verify')
  @HttpCode(HttpStatus.OK)
  @Permit('operator')
  @ApiOperation({ summary: 'Read a backup from beginning to end, and say whether it is whole' })
  @ApiOkResponse({ type: VerificationView })
  @Problems('backup/not-found', 'backup/setup')
  async verify(@Param() { filename }: FilenameParam, @CurrentActor() actor: Actor): Promise<VerificationView> {
    return verificationView(await this.upkeep.verify(await this.catalogue.get(filename), actor));
  }

  @Post(':filename/drill')
  @HttpCode(HttpStatus.OK)
  @Permit('operator')
  @ApiOperation({
    summary: 'Try a backup out: restore it into an emulated terminal and compare, field by field',
    description: 'Only a backup that was tried out with success counts as good. No real terminal is touched.',
  })
  @ApiOkResponse({ type: BackupView })
  @Problems(
    'backup/not-found',
    'backup/invalid',
    'backup/key-missing',
    'backup/nothing-to-drill',
    'backup/no-drill-here',
    'backup/setup',
    'coordination/lease-busy',
  )
  async drill(@Param() { filename }: FilenameParam, @CurrentActor() actor: Actor): Promise<BackupView> {
    const { backup } = await this.drills.drill(await this.catalogue.get(filename), actor);
    return backupView(backup);
  }

  @Post(':filename/restore')
  @HttpCode(HttpStatus.OK)
  @Permit('administrator')
  @ApiOperation({
    summary: 'Bring users back from a backup, or say what that would do',
    description:
      'Only adds and updates; nobody is removed. The terminal is backed up first; every user is read back. With ' +
      '`dry_run: true` nothing is written: send its `state_hash` with the real call, and exactly that plan is carried out.',
  })
  @ApiBody({ type: RestoreBody, required: false })
  @ApiOkResponse({ type: RestoreResultView })
  @Problems('devices/not-found', ...RESTORE_PROBLEMS, ...COPY_PROBLEMS, 'backup/not-written', 'backup/setup')
  async restore(
    @Param() { filename }: FilenameParam,
    @Body() body: RestoreBody,
    @CurrentActor() actor: Actor,
  ): Promise<RestoreResultView> {
    const request = restoreRequestOf(body, actor);
    if (body.dry_run) return planView(await this.service.previewRestore(filename, request));
    const { lacking } = await this.catalogue.get(filename);
    const report = await this.service.restoreFromBackup(filename, request);
    return restoreResultView(report, await this.restores.findTroubled(report.restore.id, TOLD_USERS), lacking);
  }
}

/** The wish of a body, as the service takes it. */
export function restoreRequestOf(body: RestoreBody, actor: Actor): RestoreRequest {
  return {
    actor,
    deviceId: body.device_id,
    deviceUserIds: body.device_user_ids,
    onlyMissing: body.only_missing,
    reason: body.reason,
    confirmTripped: body.confirm_tripped,
    stateHash: body.state_hash,
  };
}
