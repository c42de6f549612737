import { Permit } from '@app/auth';
import { pageOf, Problems } from '@app/http';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListPunchesQuery } from './dto/list-punches.query.js';
import { PunchView, punchView } from './dto/punch.view.js';
import { PunchesService } from './punches.service.js';

class PunchViewPage extends pageOf(PunchView) {}

@ApiTags('punches')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/punches')
export class PunchesController {
  constructor(private readonly punches: PunchesService) {}

  @Get()
  @ApiOperation({ summary: 'List punches, newest wall time first' })
  @ApiOkResponse({ type: PunchViewPage })
  @Problems('http/bad-cursor')
  async list(@Query() query: ListPunchesQuery): Promise<PunchViewPage> {
    const filter = {
      deviceId: query.device_id,
      deviceUserId: query.device_user_id,
      personId: query.person_id,
      attribution: query.attribution,
      source: query.source,
      from: query.from,
      to: query.to,
    };
    const { items, nextCursor } = await this.punches.list(filter, query);
    return { items: items.map(punchView), next_cursor: nextCursor };
  }
}
