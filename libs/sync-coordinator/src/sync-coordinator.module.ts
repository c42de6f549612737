import { ClockModule } from '@app/config';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { COORDINATION_OPTIONS, STANDARD_COORDINATION } from './coordination-options.js';
import { SyncCoordinator } from './sync-coordinator.js';
import { SyncLock } from './sync-lock.entity.js';

/** Device leases: who may use a terminal now. */
@Module({
  imports: [ClockModule, TypeOrmModule.forFeature([SyncLock])],
  providers: [SyncCoordinator, { provide: COORDINATION_OPTIONS, useValue: STANDARD_COORDINATION }],
  exports: [SyncCoordinator],
})
export class SyncCoordinatorModule {}
