import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditChain } from './audit-chain.js';
import { AUDIT_ENTITIES } from './audit-entry.entity.js';
import { AuditController } from './audit.controller.js';
import { DeviceUserAuditService } from './audit.service.js';

/** Remembers what happened, so that nobody can say it did not. */
@Module({
  imports: [TypeOrmModule.forFeature(AUDIT_ENTITIES)],
  controllers: [AuditController],
  providers: [DeviceUserAuditService, AuditChain],
  exports: [DeviceUserAuditService, AuditChain],
})
export class AuditModule {}
