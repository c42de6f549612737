import { AuditModule } from '@app/audit';
import { DeviceGatewayModule } from '@app/device-gateway';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Device } from './device.entity.js';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';
import { SecretVault } from './secret-vault.js';

/** Knows every registered terminal and how to reach it. */
@Module({
  imports: [AuditModule, DeviceGatewayModule, TypeOrmModule.forFeature([Device])],
  controllers: [DevicesController],
  providers: [DevicesService, SecretVault],
  exports: [DevicesService, SecretVault],
})
export class DevicesModule {}
