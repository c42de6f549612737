import { AdminGuard, CurrentActor } from '@app/auth';
import { TERMINAL_PROBLEMS } from '@app/device-gateway';
import { IdParam, Problems } from '@app/http';
import { type Actor, formatWallTime } from '@app/kernel';
import { Body, Controller, Get, Param, Patch, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DevicesService } from './devices.service.js';
import { AddDeviceBody } from './dto/add-device.body.js';
import { ChangeDeviceBody } from './dto/change-device.body.js';
import { AddedDeviceView, DeviceView, deviceView } from './dto/device.view.js';

@ApiTags('devices')
@ApiBearerAuth()
@UseGuards(AdminGuard)
@Controller('api/devices')
export class DevicesController {
  constructor(private readonly devices: DevicesService) {}

  @Get()
  @ApiOperation({ summary: 'List the registered terminals' })
  @ApiOkResponse({ type: DeviceView, isArray: true })
  async list(): Promise<DeviceView[]> {
    return (await this.devices.list()).map(deviceView);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show one terminal' })
  @ApiOkResponse({ type: DeviceView })
  @Problems('devices/not-found')
  async get(@Param() { id }: IdParam): Promise<DeviceView> {
    return deviceView(await this.devices.get(id));
  }

  @Post()
  @ApiOperation({
    summary: 'Register a terminal',
    description: 'Asks it first who it is; read-only, nothing changes on it.',
  })
  @ApiCreatedResponse({ type: AddedDeviceView })
  @Problems(
    'device/bad-address',
    'devices/bad-name',
    'devices/unknown-time-zone',
    'devices/already-registered',
    ...TERMINAL_PROBLEMS,
  )
  async add(@Body() body: AddDeviceBody, @CurrentActor() actor: Actor): Promise<AddedDeviceView> {
    const { comm_key: commKey, time_zone: timeZone, ...rest } = body;
    const { device, userCount, deviceTime } = await this.devices.add({ ...rest, commKey, timeZone }, actor);
    return { ...deviceView(device), user_count: userCount, device_time: formatWallTime(deviceTime) };
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change how a terminal is treated', description: 'Nothing changes on the terminal itself.' })
  @ApiOkResponse({ type: DeviceView })
  @Problems(
    'devices/bad-name',
    'devices/bad-network',
    'devices/unknown-time-zone',
    'devices/not-found',
    'devices/already-registered',
  )
  async change(
    @Param() { id }: IdParam,
    @Body() { time_zone: timeZone, ...rest }: ChangeDeviceBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeviceView> {
    return deviceView(await this.devices.change(id, { ...rest, timeZone }, actor));
  }
}
