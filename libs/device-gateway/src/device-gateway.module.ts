import { ClockModule } from '@app/config';
import { Module } from '@nestjs/common';
import { DeviceGateway } from './device-gateway.js';
import { GATEWAY_TIMEOUTS, STANDARD_TIMEOUTS } from './gateway-timeouts.js';

/** Proven, read-only access to terminals. Needs no database. */
@Module({
  imports: [ClockModule],
  providers: [DeviceGateway, { provide: GATEWAY_TIMEOUTS, useValue: STANDARD_TIMEOUTS }],
  exports: [DeviceGateway],
})
export class DeviceGatewayModule {}
