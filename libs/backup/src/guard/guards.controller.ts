import { CurrentActor, Permit } from '@app/auth';
import { IdParam, Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GuardBody } from '../dto/backup.requests.js';
import { GuardView, guardView } from '../dto/guard.view.js';
import { DeviceGuards } from './device-guards.service.js';

@ApiTags('backups')
@ApiBearerAuth()
@Controller('api/devices/:id/guard')
export class GuardsController {
  constructor(private readonly guards: DeviceGuards) {}

  @Get()
  @Permit('viewer')
  @ApiOperation({ summary: 'Show whether losses of this terminal are healed without anybody being asked' })
  @ApiOkResponse({ type: GuardView })
  @Problems('devices/not-found')
  async get(@Param() { id }: IdParam): Promise<GuardView> {
    return guardView(await this.guards.get(id));
  }

  @Patch()
  @Permit('administrator')
  @ApiOperation({
    summary: 'Switch the guard of a terminal on or off, and set its bounds',
    description: 'Off unless it was switched on. It brings back confirmed losses within its bounds, and says so.',
  })
  @ApiOkResponse({ type: GuardView })
  @Problems('devices/not-found')
  async change(
    @Param() { id }: IdParam,
    @Body() { enabled, highest_level: highestLevel, users_per_day: usersPerDay }: GuardBody,
    @CurrentActor() actor: Actor,
  ): Promise<GuardView> {
    const change = Object.fromEntries(
      Object.entries({ enabled, highestLevel, usersPerDay }).filter(
        ([, value]) => value !== undefined && value !== null,
      ),
    );
    return guardView(await this.guards.change(id, change, actor));
  }
}
