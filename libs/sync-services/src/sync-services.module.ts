import { AasModule } from '@app/aas';
import { AuditModule } from '@app/audit';
import { BufferModule } from '@app/buffer';
import { ClockModule } from '@app/config';
import { ConflictDetectionModule } from '@app/conflict';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { DeviceWatchModule } from '@app/monitoring';
import { MetricsModule } from '@app/metrics';
import { PunchesModule } from '@app/punches';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AasRealtimeSync } from './aas-realtime-sync.service.js';
import { AasRealtimeSyncSchedule } from './aas-realtime-sync.schedule.js';
import { DirectMachineSync } from './direct-machine-sync.service.js';
import { MachineSyncSchedule } from './machine-sync.schedule.js';
import { MachineSyncService } from './machine-sync.service.js';
import { OrderedRunsSchedule } from './orders/ordered-runs.schedule.js';
import { RunsAnywhere } from './orders/runs-anywhere.js';
import { RunsElsewhere } from './orders/runs-elsewhere.js';
import { SyncRunOrderRow } from './orders/sync-run-order.entity.js';
import { SyncRunOrders } from './orders/sync-run-orders.js';
import { BufferPopulationRow } from './populate/buffer-population.entity.js';
import { BufferPopulations } from './populate/buffer-populations.js';
import { PopulateBuffer } from './populate/populate-buffer.js';
import { RealtimeWatchSchedule } from './realtime-watch.schedule.js';
import { REALTIME_OPTIONS, RealtimeWatch, STANDARD_REALTIME } from './realtime-watch.service.js';
import { RunCounts } from './run-counts.js';
import { RunFrame } from './run-frame.js';
import { RunProgressBoard } from './run-progress.board.js';
import { SyncRunRow } from './sync-run.entity.js';
import { SyncRunJournal } from './sync-run.journal.js';
import { SyncRun } from './sync-run.js';
import { SyncRunsController } from './sync-runs.controller.js';
import { TerminalReadings } from './terminal-reading.js';

/** Reads terminals and stores what was seen; has no way to write to one. */
@Module({
  imports: [
    ClockModule,
    AasModule,
    AuditModule,
    BufferModule,
    ConflictDetectionModule,
    DeviceGatewayModule,
    DevicesModule,
    DeviceWatchModule,
    DialInModule,
    MetricsModule,
    PunchesModule,
    SyncCoordinatorModule,
    TypeOrmModule.forFeature([SyncRunRow, SyncRunOrderRow, BufferPopulationRow]),
  ],
  controllers: [SyncRunsController],
  providers: [
    SyncRun,
    RunFrame,
    RunCounts,
    SyncRunJournal,
    TerminalReadings,
    RunProgressBoard,
    MachineSyncService,
    MachineSyncSchedule,
    DirectMachineSync,
    AasRealtimeSync,
    AasRealtimeSyncSchedule,
    RealtimeWatch,
    RealtimeWatchSchedule,
    { provide: REALTIME_OPTIONS, useValue: STANDARD_REALTIME },
    SyncRunOrders,
    RunsElsewhere,
    RunsAnywhere,
    OrderedRunsSchedule,
    BufferPopulations,
    PopulateBuffer,
  ],
  exports: [MachineSyncService, DirectMachineSync, AasRealtimeSync, RealtimeWatch, PopulateBuffer, SyncRunJournal],
})
export class SyncServicesModule {}
