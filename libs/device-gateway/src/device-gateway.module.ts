import { AppConfig, ClockModule } from '@app/config';
import { Module } from '@nestjs/common';
import { DeviceNetworks, HOST_RESOLVER, type HostResolver, systemResolver } from './device-networks.js';
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
    { provide: HOST_RESOLVER, useValue: systemResolver },
    {
      provide: DeviceNetworks,
      inject: [AppConfig, HOST_RESOLVER],
      useFactory: (config: AppConfig, resolve: HostResolver) => DeviceNetworks.of(config, resolve),
    },
  ],
  exports: [DeviceGateway, DeviceNetworks, AifaceListener, AifaceSessions, GATEWAY_TIMEOUTS, HOST_RESOLVER],
})
export class DeviceGatewayModule {}
