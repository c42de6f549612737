import { Permit } from '@app/auth';
import { pageOf, Problems } from '@app/http';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DeviceUserAuditService } from './audit.service.js';
import { AuditEntryView, auditEntryView } from './dto/audit-entry.view.js';
import { ListAuditQuery } from './dto/list-audit.query.js';

class AuditEntryPage extends pageOf(AuditEntryView) {}

@ApiTags('audit')
@ApiBearerAuth()
@Permit('operator')
@Controller('api/device-users/audit')
export class AuditController {
  constructor(private readonly audit: DeviceUserAuditService) {}

  @Get()
  @ApiOperation({
    summary: 'What happened to whom, when, by whom; newest first',
    description: 'Every filter is optional, together they narrow. Both ends of the range are inclusive.',
  })
  @ApiOkResponse({ type: AuditEntryPage })
  @Problems('http/bad-cursor')
  async list(@Query() query: ListAuditQuery): Promise<AuditEntryPage> {
    const { device_id: deviceId, device_user_id: deviceUserId, operation_type: operations, from, to } = query;
    const { items, nextCursor } = await this.audit.queryLogs({ deviceId, deviceUserId, operations, from, to }, query);
    return { items: items.map(auditEntryView), next_cursor: nextCursor };
  }
}
