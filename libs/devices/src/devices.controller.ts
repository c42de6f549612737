import { CurrentActor, Permit } from '@app/auth';
import { DeviceGateway, parseDeviceAddress, type ProbeStageResult, TERMINAL_PROBLEMS } from '@app/device-gateway';
import { IdParam, Problems } from '@app/http';
import { type Actor, formatWallTime } from '@app/kernel';
import { Body, Controller, Get, HttpCode, HttpStatus, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DevicesService } from './devices.service.js';
import { AcceptTerminalBody } from './dto/accept-terminal.body.js';
import { AddDeviceBody, ReachBody } from './dto/add-device.body.js';
import { ChangeDeviceBody } from './dto/change-device.body.js';
import { AddedDeviceView, DeviceView, deviceView } from './dto/device.view.js';
import { ProbeView, probeView } from './dto/probe.view.js';
import { SwappedTerminals } from './swapped-terminals.js';

@ApiTags('devices')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/devices')
export class DevicesController {
  constructor(
    private readonly devices: DevicesService,
    private readonly swapped: SwappedTerminals,
    private readonly gateway: DeviceGateway,
  ) {}

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

  @Post('probe')
  @Permit('administrator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Try a terminal before it is registered',
    description: 'Stage by stage: what it is, its serial number, users and clock, and what is likely wrong. Read-only.',
  })
  @ApiOkResponse({ type: ProbeView })
  @Problems('device/bad-address')
  async probe(@Body() { address, comm_key: commKey, ...rest }: ReachBody): Promise<ProbeView> {
    const stages: ProbeStageResult[] = [];
    const target = { ...rest, commKey, ...parseDeviceAddress(address) };
    for await (const stage of this.gateway.probe(target)) stages.push(stage);
    return probeView(stages);
  }

  @Post()
  @Permit('administrator')
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
  @Permit('administrator')
  @ApiOperation({
    summary: 'Change how a terminal is reached and treated',
    description:
      'Nothing changes on the terminal itself. With a new address or comm key it is asked first, and must be the registered one.',
  })
  @ApiOkResponse({ type: DeviceView })
  @Problems(
    'devices/bad-name',
    'devices/bad-network',
    'devices/unknown-time-zone',
    'devices/not-found',
    'devices/already-registered',
    'devices/dials-in',
    'device/bad-address',
    ...TERMINAL_PROBLEMS,
  )
  async change(
    @Param() { id }: IdParam,
    @Body() { time_zone: timeZone, comm_key: commKey, ...rest }: ChangeDeviceBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeviceView> {
    return deviceView(await this.devices.change(id, { ...rest, timeZone, commKey }, actor));
  }

  @Post(':id/accept-terminal')
  @Permit('administrator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Accept another terminal in the place of a registered one',
    description: 'It is asked once more who it is. Mappings and punches stay with the device.',
  })
  @ApiOkResponse({ type: DeviceView })
  @Problems('devices/not-found', 'devices/not-in-quarantine', 'devices/already-registered', ...TERMINAL_PROBLEMS)
  async accept(
    @Param() { id }: IdParam,
    @Body() { serial_number: serialNumber }: AcceptTerminalBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeviceView> {
    return deviceView(await this.swapped.accept(id, serialNumber, actor));
  }
}
