import { Permit } from '@app/auth';
import { Problems } from '@app/http';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MonitoringHistoryQuery, MonitoringStatusQuery } from './dto/monitoring.requests.js';
import {
  deviceStatusView,
  MonitoringHistoryView,
  monitoringHistoryView,
  MonitoringStatusView,
} from './dto/monitoring.view.js';
import { MONITORING_OPTIONS, type MonitoringOptions } from './monitoring-options.js';
import { MonitoringStatusService } from './monitoring-status.service.js';
import { UserPollSchedule } from './user-poll.schedule.js';

@ApiTags('monitoring')
@ApiBearerAuth()
@Controller('api/device-users/monitoring')
export class MonitoringStatusController {
  constructor(
    private readonly status: MonitoringStatusService,
    private readonly schedule: UserPollSchedule,
    @Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions,
  ) {}

  @Get('status')
  @ApiOperation({ summary: 'Show how many users each terminal has, and how it is doing' })
  @ApiOkResponse({ type: MonitoringStatusView })
  @Problems('devices/not-found')
  @Permit('viewer')
  async getStatus(@Query() { device_id: deviceId }: MonitoringStatusQuery): Promise<MonitoringStatusView> {
    return {
      polling: this.schedule.isOn,
      interval_seconds: this.options.intervalMs / 1_000,
      devices: (await this.status.getStatus(deviceId)).map(deviceStatusView),
    };
  }

  @Get('history')
  @ApiOperation({
    summary: 'Show the user count of a terminal over a range of time, and every change of it',
    description:
      'Intervals without holes: a time in which nobody could read the terminal is shown as such, and never as zero.',
  })
  @ApiOkResponse({ type: MonitoringHistoryView })
  @Problems('devices/not-found', 'monitoring/bad-range')
  @Permit('viewer')
  async getHistory(@Query() { device_id: deviceId, ...range }: MonitoringHistoryQuery): Promise<MonitoringHistoryView> {
    return monitoringHistoryView(deviceId, await this.status.getHistory(deviceId, range));
  }
}
