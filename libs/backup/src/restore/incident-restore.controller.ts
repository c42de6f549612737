import { CurrentActor, Permit } from '@app/auth';
import { IdParam, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { COPY_PROBLEMS, RESTORE_PROBLEMS } from '../backups.controller.js';
import { IncidentRestoreBody } from '../dto/backup.requests.js';
import {
  holdingsView,
  IncidentHoldingsView,
  planView,
  RestoreResultView,
  restoreResultView,
} from '../dto/restore.view.js';
import { RestoreRepository } from './restore.repository.js';
import { Restores } from './restores.service.js';

const TOLD_USERS = 200;

/** From an incident to everybody being back, in one call. */
@ApiTags('incidents')
@ApiBearerAuth()
@Controller('api/device-users/incidents/:id/restore')
export class IncidentRestoreController {
  constructor(
    private readonly restores: Restores,
    private readonly repository: RestoreRepository,
  ) {}

  @Get()
  @Permit('viewer')
  @ApiOperation({ summary: 'Show which backups hold the users whom an incident misses' })
  @ApiOkResponse({ type: IncidentHoldingsView })
  @Problems('monitoring/incident-not-found')
  async holdings(@Param() { id }: IdParam): Promise<IncidentHoldingsView> {
    return holdingsView(await this.restores.holdingsOf(id));
  }

  @Post()
  @HttpCode(HttpStatus.OK)
  @Permit('administrator')
  @ApiOperation({
    summary: 'Bring back just those whom an incident misses, each from the newest good backup that holds him',
    description: 'Nobody who is on the terminal is touched. With `dry_run: true` it only says what it would do.',
  })
  @ApiBody({ type: IncidentRestoreBody, required: false })
  @ApiOkResponse({ type: RestoreResultView })
  @Problems(
    'monitoring/incident-not-found',
    'backup/nothing-to-restore',
    ...RESTORE_PROBLEMS,
    ...COPY_PROBLEMS,
    'backup/not-written',
    'backup/setup',
  )
  async restore(
    @Param() { id }: IdParam,
    @Body() { dry_run: dryRun, confirm_tripped: confirmTripped }: IncidentRestoreBody,
    @CurrentActor() actor: Actor,
  ): Promise<RestoreResultView> {
    const request = await this.restores.requestFor(id, actor);
    if (dryRun) return { ...planView(await this.restores.preview(request)), origin: 'incident', incident_id: id };
    const report = await this.restores.restoreNow({ ...request, confirmTripped });
    const lacking = [...new Set(request.sources.flatMap(({ backup }) => backup.lacking))];
    return restoreResultView(report, await this.repository.findTroubled(report.restore.id, TOLD_USERS), lacking);
  }
}
