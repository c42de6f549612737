import { CurrentActor, Permit } from '@app/auth';
import { IdParam, ProblemDocument } from '@app/http';
import { type Actor, formatWallTime } from '@app/kernel';
import { Body, Controller, Get, Param, Patch, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { DevicesService } from './devices.service.js';
import { AddDeviceBody } from './dto/add-device.body.js';
import { ChangeDeviceBody } from './dto/change-device.body.js';
import { AddedDeviceView, DeviceView, deviceView } from './dto/device.view.js';

@ApiTags('devices')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@Permit('viewer')
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
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'devices/not-found' })
  async get(@Param() { id }: IdParam): Promise<DeviceView> {
    return deviceView(await this.devices.get(id));
  }

  @Post()
  @Permit('administrator')
  @ApiOperation({
    summary: 'Register a terminal',
    description: 'Asks it first who it is; read-only, nothing changes on it.',
  })
  @ApiCreatedResponse({ type: AddedDeviceView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, device/bad-address' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'devices/already-registered' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'device/unreachable, device/unauthorised, …' })
  async add(@Body() body: AddDeviceBody, @CurrentActor() actor: Actor): Promise<AddedDeviceView> {
    const { comm_key: commKey, time_zone: timeZone, ...rest } = body;
    const { device, userCount, deviceTime } = await this.devices.add({ ...rest, commKey, timeZone }, actor);
    return { ...deviceView(device), user_count: userCount, device_time: formatWallTime(deviceTime) };
  }

  @Patch(':id')
  @Permit('administrator')
  @ApiOperation({ summary: 'Change how a terminal is treated', description: 'Nothing changes on the terminal itself.' })
  @ApiOkResponse({ type: DeviceView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'devices/already-registered' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'devices/not-found' })
  async change(
    @Param() { id }: IdParam,
    @Body() { time_zone: timeZone, ...rest }: ChangeDeviceBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeviceView> {
    return deviceView(await this.devices.change(id, { ...rest, timeZone }, actor));
  }
}
