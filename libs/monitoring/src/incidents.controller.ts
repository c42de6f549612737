import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AcknowledgeBody, IntendedBody, ListIncidentsQuery } from './dto/incident.requests.js';
import { IncidentDetailView, incidentDetailView, IncidentView, incidentView } from './dto/incident.view.js';
import { IncidentsService } from './incidents.service.js';

class IncidentPage extends pageOf(IncidentView) {}

@ApiTags('incidents')
@ApiBearerAuth()
@Controller('api/device-users/incidents')
export class IncidentsController {
  constructor(private readonly incidents: IncidentsService) {}

  @Get()
  @ApiOperation({ summary: 'List the incidents in which users vanished from terminals, newest first' })
  @ApiOkResponse({ type: IncidentPage })
  @Problems('http/bad-cursor')
  @Permit('viewer')
  async list(@Query() { device_id: deviceId, state, ...page }: ListIncidentsQuery): Promise<IncidentPage> {
    const { items, nextCursor } = await this.incidents.list({ deviceId, state }, page);
    return { items: items.map(incidentView), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show one incident: who is missing since when, and what probably did it' })
  @ApiOkResponse({ type: IncidentDetailView })
  @Problems('monitoring/incident-not-found')
  @Permit('viewer')
  async get(@Param() { id }: IdParam): Promise<IncidentDetailView> {
    return incidentDetailView(await this.incidents.describe(id));
  }

  @Post(':id/acknowledge')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Accept the loss: nobody of the incident is looked for any more',
    description: 'Reminders stop, and the terminal is compared with what it holds now. Nothing is written to it.',
  })
  @ApiOkResponse({ type: IncidentDetailView })
  @Problems('monitoring/incident-not-found', 'monitoring/incident-closed')
  @Permit('administrator')
  async acknowledge(
    @Param() { id }: IdParam,
    @Body() { reason }: AcknowledgeBody,
    @CurrentActor() actor: Actor,
  ): Promise<IncidentDetailView> {
    return incidentDetailView(await this.incidents.acknowledge(id, { reason, actor }));
  }

  @Post(':id/intended')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Mark some users as gone because somebody wanted it so; the others are still looked for',
  })
  @ApiOkResponse({ type: IncidentDetailView })
  @Problems('monitoring/incident-not-found', 'monitoring/incident-closed', 'monitoring/not-missing')
  @Permit('administrator')
  async markIntended(
    @Param() { id }: IdParam,
    @Body() { reason, device_user_ids: deviceUserIds }: IntendedBody,
    @CurrentActor() actor: Actor,
  ): Promise<IncidentDetailView> {
    return incidentDetailView(await this.incidents.markIntended(id, { reason, deviceUserIds, actor }));
  }
}
