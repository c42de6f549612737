import { ClockModule } from '@app/config';
import { Module } from '@nestjs/common';
import { DeviceGateway } from './device-gateway.js';
import { AifaceListener } from './drivers/aiface/aiface-listener.js';
import { AifaceSessions } from './drivers/aiface/aiface-sessions.js';
import { GATEWAY_TIMEOUTS, STANDARD_TIMEOUTS } from './gateway-timeouts.js';

/** Proven, read-only access to terminals. Needs no database. */
@Module({
  imports: [ClockModule],
  providers: [
    DeviceGateway,
    AifaceSessions,
    AifaceListener,
    { provide: GATEWAY_TIMEOUTS, useValue: STANDARD_TIMEOUTS },
  ],
  exports: [DeviceGateway, AifaceListener, AifaceSessions, GATEWAY_TIMEOUTS],
})
export class DeviceGatewayModule {}
