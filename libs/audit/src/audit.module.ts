import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditEntry } from './audit-entry.entity.js';
import { DeviceUserAuditService } from './audit.service.js';

/** Remembers what happened, so that nobody can say it did not. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditEntry])],
  providers: [DeviceUserAuditService],
  exports: [DeviceUserAuditService],
})
export class AuditModule {}
