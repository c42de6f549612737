import { AuditModule } from '@app/audit';
import { BufferModule } from '@app/buffer';
import { ClockModule } from '@app/config';
import { DeviceWriterModule } from '@app/device-writer';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { DeviceWatchModule } from '@app/monitoring';
import { PeopleModule } from '@app/people';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ErasedUndoCondition } from './erased-undo.condition.js';
import { ErasureConsequence } from './erasure-consequence.js';
import { Erasure } from './erasure.entity.js';
import { ErasureLedger } from './erasure.ledger.js';
import { ErasureSchedule } from './erasure.schedule.js';
import { ErasureScrub } from './erasure-scrub.js';
import { ErasuresController } from './erasures.controller.js';
import { Erasures } from './erasures.service.js';
import { HeldBackupsService } from './held-backups.js';
import { LiveErasure } from './live-erasure.js';
import { Suppressions } from './suppressions.js';

/** The right to be forgotten. Whoever plans a restore asks Suppressions. */
@Module({
  imports: [
    AuditModule,
    BufferModule,
    ClockModule,
    DeviceWatchModule,
    DeviceWriterModule,
    DevicesModule,
    DialInModule,
    PeopleModule,
    SyncCoordinatorModule,
    TypeOrmModule.forFeature([Erasure]),
  ],
  controllers: [ErasuresController],
  providers: [
    ErasedUndoCondition,
    ErasureConsequence,
    ErasureLedger,
    ErasureSchedule,
    ErasureScrub,
    Erasures,
    HeldBackupsService,
    LiveErasure,
    Suppressions,
  ],
  exports: [Erasures, HeldBackupsService, LiveErasure, Suppressions],
})
export class ErasureModule {}
