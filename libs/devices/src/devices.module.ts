import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { MetricsModule } from '@app/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DeviceMetrics } from './device.metrics.js';
import { Device } from './device.entity.js';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';
import { SecretVault } from './secret-vault.js';
import { SwappedTerminals } from './swapped-terminals.js';
import { TerminalAccess } from './terminal-access.js';

/** Knows every registered terminal and how to reach it. */
@Module({
  imports: [ClockModule, AuditModule, DeviceGatewayModule, MetricsModule, TypeOrmModule.forFeature([Device])],
  controllers: [DevicesController],
  providers: [DevicesService, TerminalAccess, SwappedTerminals, SecretVault, DeviceMetrics],
  exports: [DevicesService, SwappedTerminals, SecretVault],
})
export class DevicesModule {}
