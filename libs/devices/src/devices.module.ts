import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Device } from './device.entity.js';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';
import { SecretVault } from './secret-vault.js';
import { SwappedTerminals } from './swapped-terminals.js';
import { TerminalAccess } from './terminal-access.js';

/** Knows every registered terminal and how to reach it. */
@Module({
  imports: [ClockModule, AuditModule, DeviceGatewayModule, TypeOrmModule.forFeature([Device])],
  controllers: [DevicesController],
  providers: [DevicesService, TerminalAccess, SwappedTerminals, SecretVault],
  exports: [DevicesService, SwappedTerminals, SecretVault],
})
export class DevicesModule {}
