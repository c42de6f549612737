import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DevicesModule } from '@app/devices';
import { MetricsModule } from '@app/metrics';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SnapshotSources } from './copy/snapshot-sources.js';
import { COPY_OPTIONS, STANDARD_COPY_OPTIONS, TerminalCopies } from './copy/terminal-copies.js';
import { BatchPlanner } from './batch-plan.js';
import { DeletionBudget, TerminalHeadcount } from './deletion-budget.js';
import { DeletionPrecautions } from './deletion-precaution.js';
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
import { SnapshotErasure } from './snapshot-erasure.js';
import { SnapshotDecoder } from './snapshot-decoder.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { DeviceWriteBatches } from './write-batch.service.js';
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
    DeviceWriteBatches,
    BatchPlanner,
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
    SnapshotSources,
    TerminalCopies,
    { provide: COPY_OPTIONS, useValue: STANDARD_COPY_OPTIONS },
    SnapshotErasure,
    SnapshotDecoder,
    { provide: WRITER_OPTIONS, useValue: STANDARD_WRITER_OPTIONS },
    DeletionBudget,
    DeletionPrecautions,
    TerminalHeadcount,
    DeletionConsequence,
    DeletionUndoConsequence,
    DeviceUserDeletions,
  ],
  exports: [
    DeviceWriters,
    DeviceWriteService,
    DeviceWriteBatches,
    DeviceUserDeletions,
    DeletionPrecautions,
    OpenWrites,
    SnapshotSources,
    TerminalCopies,
    SnapshotErasure,
    WriteConsequences,
    WriteConditions,
    WriteHistory,
    SnapshotDecoder,
  ],
})
export class DeviceWriterModule {}
