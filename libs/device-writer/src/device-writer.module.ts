import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DevicesModule } from '@app/devices';
import { MetricsModule } from '@app/metrics';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DeletionBudget, TerminalHeadcount } from './deletion-budget.js';
import { DeletionConsequence, DeletionUndoConsequence } from './deletion-consequences.js';
import { DeviceUserDeletionsController } from './device-user-deletions.controller.js';
import { DeviceUserDeletions } from './device-user-deletions.service.js';
import { DEVICE_WRITER_ENTITIES } from './device-write.entity.js';
import { DeviceWriteJournal } from './device-write.journal.js';
import { DeviceWriteMetrics } from './device-write.metrics.js';
import { DeviceWriteSchedule } from './device-write.schedule.js';
import { DeviceWriteService } from './device-write.service.js';
import { DeviceWriters } from './device-writers.js';
import { OpenWrites } from './open-writes.service.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { WriteConditions } from './write-condition.js';
import { WriteConsequences } from './write-consequence.js';
import { WriteHistory } from './write-history.js';
import { WriteObserver } from './write-observer.js';
import { WritePlanner } from './write-planner.js';
import { STANDARD_WRITER_OPTIONS, WRITER_OPTIONS } from './writer-options.js';
import { WriterSessions } from './writer-sessions.js';
import { WriteSettlement } from './write-settlement.js';

/** Changes single users on terminals for an administrator: intent, write, read back. Sync services never import it. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    DeviceGatewayModule,
    DevicesModule,
    MetricsModule,
    SyncCoordinatorModule,
    TypeOrmModule.forFeature(DEVICE_WRITER_ENTITIES),
  ],
  controllers: [DeviceUserDeletionsController],
  providers: [
    DeviceWriters,
    DeviceWriteService,
    DeviceWriteJournal,
    DeviceWriteSchedule,
    DeviceWriteMetrics,
    OpenWrites,
    WritePlanner,
    WriteSettlement,
    WriteConsequences,
    WriteConditions,
    WriteHistory,
    WriteObserver,
    WriterSessions,
    SnapshotSeal,
    { provide: WRITER_OPTIONS, useValue: STANDARD_WRITER_OPTIONS },
    DeletionBudget,
    TerminalHeadcount,
    DeletionConsequence,
    DeletionUndoConsequence,
    DeviceUserDeletions,
  ],
  exports: [
    DeviceWriters,
    DeviceWriteService,
    DeviceUserDeletions,
    OpenWrites,
    WriteConsequences,
    WriteConditions,
    WriteHistory,
  ],
})
export class DeviceWriterModule {}
