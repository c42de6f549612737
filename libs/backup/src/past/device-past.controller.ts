import { Permit } from '@app/auth';
import { IdParam, Problems } from '@app/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DevicePastService } from './device-past.service.js';
import { DevicePastDiffService } from './device-past-diff.service.js';
import { PastDiffView, pastDiffView } from './dto/past-diff.view.js';
import { PastUsersView, pastUsersView } from './dto/past-users.view.js';
import { PastDiffQuery, PastUsersQuery } from './dto/past.requests.js';

@ApiTags('monitoring')
@ApiBearerAuth()
@Controller('api/devices/:id/users')
export class DevicePastController {
  constructor(
    private readonly past: DevicePastService,
    private readonly diffs: DevicePastDiffService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Show who was on a terminal at a moment, and how that is known',
    description:
      'From the complete reads of monitoring, and from backups, which reach back before it. A moment by which nobody had looked ' +
      'says so; its empty list says nothing.',
  })
  @ApiOkResponse({ type: PastUsersView })
  @Problems('devices/not-found', 'http/bad-cursor')
  @Permit('viewer')
  async findUsers(@Param() { id }: IdParam, @Query() query: PastUsersQuery): Promise<PastUsersView> {
    return pastUsersView(id, await this.past.findUsersAt(id, query));
  }

  @Get('diff')
  @ApiOperation({
    summary:
      'Show what changed on a terminal between two moments: who came, who went and how, and whose data is different',
  })
  @ApiOkResponse({ type: PastDiffView })
  @Problems('devices/not-found', 'monitoring/bad-range')
  @Permit('viewer')
  async diff(@Param() { id }: IdParam, @Query() range: PastDiffQuery): Promise<PastDiffView> {
    return pastDiffView(id, await this.diffs.diff(id, range));
  }
}
