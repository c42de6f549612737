import { CurrentActor, Permit } from '@app/auth';
import { DeviceView, deviceView } from '@app/devices';
import { Problems } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  AdoptTerminalBody,
  PendingTerminalView,
  pendingTerminalView,
  SerialNumberParam,
} from './dto/pending-terminal.view.js';
import { PendingTerminalsService } from './pending-terminals.service.js';

@ApiTags('devices')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/pending-terminals')
export class PendingTerminalsController {
  constructor(private readonly pending: PendingTerminalsService) {}

  @Get()
  @ApiOperation({ summary: 'List terminals that dial in and that nobody has registered' })
  @ApiOkResponse({ type: PendingTerminalView, isArray: true })
  async list(): Promise<PendingTerminalView[]> {
    return (await this.pending.list()).map(pendingTerminalView);
  }

  @Post(':serial_number/adopt')
  @Permit('administrator')
  @ApiOperation({
    summary: 'Register one of them',
    description:
      'It is admitted when it next dials in, within seconds. Its clock is then set to the local time of its zone, and from ' +
      'now on it must dial in from the network that it is in (PATCH /api/devices/:id changes that).',
  })
  @ApiCreatedResponse({ type: DeviceView })
  @Problems('devices/bad-name', 'devices/unknown-time-zone', 'dial-in/not-pending', 'devices/already-registered')
  async adopt(
    @Param() { serial_number: serialNumber }: SerialNumberParam,
    @Body() { name, time_zone: timeZone }: AdoptTerminalBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeviceView> {
    return deviceView(await this.pending.adopt(serialNumber, { name, timeZone }, actor));
  }
}
