import { ClockModule } from '@app/config';
import { MetricsModule } from '@app/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CoordinationMetrics } from './coordination.metrics.js';
import { COORDINATION_OPTIONS, STANDARD_COORDINATION } from './coordination-options.js';
import { SyncCoordinator } from './sync-coordinator.js';
import { SyncCoordinatorSchedule } from './sync-coordinator.schedule.js';
import { SyncLock } from './sync-lock.entity.js';
import { SyncLockRepository } from './sync-lock.repository.js';

/** Device leases: who may use a terminal now. */
@Module({
  imports: [ClockModule, MetricsModule, TypeOrmModule.forFeature([SyncLock])],
  providers: [
    SyncCoordinator,
    SyncCoordinatorSchedule,
    CoordinationMetrics,
    SyncLockRepository,
    { provide: COORDINATION_OPTIONS, useValue: STANDARD_COORDINATION },
  ],
  exports: [SyncCoordinator],
})
export class SyncCoordinatorModule {}
