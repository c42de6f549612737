import { AuditModule } from '@app/audit';
import { DeviceGatewayModule } from '@app/device-gateway';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommKeyVault } from './comm-key.vault.js';
import { Device } from './device.entity.js';
import { DevicesController } from './devices.controller.js';
import { DevicesService } from './devices.service.js';

/** Knows every registered terminal and how to reach it. */
@Module({
  imports: [AuditModule, DeviceGatewayModule, TypeOrmModule.forFeature([Device])],
  controllers: [DevicesController],
  providers: [DevicesService, CommKeyVault],
  exports: [DevicesService],
})
export class DevicesModule {}
