import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DevicesModule } from '@app/devices';
import { DeviceWriterModule } from '@app/device-writer';
import { PeopleModule } from '@app/people';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConflictConsequence } from './conflict-consequence.js';
import { ConflictDetails } from './conflict-detail.js';
import { ConflictDetection } from './conflict-detection.js';
import { ConflictResolutionService } from './conflict-resolution.service.js';
import { CONFLICT_ENTITIES } from './conflict.entity.js';
import { ConflictLedger } from './conflict.ledger.js';
import { ConflictRepository } from './conflict.repository.js';
import { ConflictsController } from './conflicts.controller.js';

/** Finds contradictions and keeps their records. For sync services: nothing in it leads to a session that can write. */
@Module({
  imports: [AuditModule, PeopleModule, TypeOrmModule.forFeature(CONFLICT_ENTITIES)],
  providers: [ConflictDetection, ConflictLedger, ConflictRepository],
  exports: [ConflictDetection, ConflictLedger, ConflictRepository],
})
export class ConflictDetectionModule {}

/** Shows contradictions between device and database, and settles them as administrators decide. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    PeopleModule,
    DevicesModule,
    DeviceWriterModule,
    SyncCoordinatorModule,
    ConflictDetectionModule,
  ],
  controllers: [ConflictsController],
  providers: [ConflictResolutionService, ConflictConsequence, ConflictDetails],
  exports: [ConflictResolutionService],
})
export class ConflictModule {}
