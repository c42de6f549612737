import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { Module } from '@nestjs/common';
import { DeviceWriters } from './device-writers.js';

/** Writes one user at a time to a terminal, for an administrator. */
@Module({
  imports: [ClockModule, DeviceGatewayModule],
  providers: [DeviceWriters],
  exports: [DeviceWriters],
})
export class DeviceWriterModule {}
