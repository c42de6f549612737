import { AuditModule } from '@app/audit';
import { BufferModule } from '@app/buffer';
import { AppConfig, ClockModule } from '@app/config';
import { DeviceWriterModule } from '@app/device-writer';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { MetricsModule } from '@app/metrics';
import { NotificationModule } from '@app/notification';
import { PeopleModule } from '@app/people';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DeviceRoster } from './device-roster.js';
import { DeviceUserMonitoringService } from './device-user-monitoring.service.js';
import { DeviceWatch } from './device-watch.js';
import { FillMetrics, HEALTH_PROVIDERS } from './health/index.js';
import { HISTORY_PROVIDERS } from './history/index.js';
import { IncidentLedger } from './incident.ledger.js';
import { IncidentNotices } from './incident.notices.js';
import { IncidentsController } from './incidents.controller.js';
import { IncidentsService } from './incidents.service.js';
import { Investigation } from './investigation.js';
import { MONITORING_ENTITIES } from './monitoring.entities.js';
import { MonitoringMetrics } from './monitoring.metrics.js';
import { MonitoringUpkeepSchedule } from './monitoring-upkeep.schedule.js';
import { MONITORING_OPTIONS, type MonitoringOptions, POLLS_AT_ONCE } from './monitoring-options.js';
import { MonitoringStatusController } from './monitoring-status.controller.js';
import { MonitoringStatusService } from './monitoring-status.service.js';
import { PollAgenda } from './poll-agenda.js';
import { TripCondition } from './trip-condition.js';
import { UserPoll } from './user-poll.js';
import { UserPollSchedule } from './user-poll.schedule.js';

/** Compares every complete read with what was known; for whoever reads terminals. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    DevicesModule,
    DeviceWriterModule,
    NotificationModule,
    PeopleModule,
    TypeOrmModule.forFeature(MONITORING_ENTITIES),
  ],
  providers: [
    DeviceWatch,
    DeviceRoster,
    IncidentLedger,
    IncidentNotices,
    Investigation,
    PollAgenda,
    TripCondition,
    ...HEALTH_PROVIDERS,
    ...HISTORY_PROVIDERS,
    {
      provide: MONITORING_OPTIONS,
      inject: [AppConfig],
      useFactory: ({ monitoringIntervalMinutes }: AppConfig): MonitoringOptions => ({
        intervalMs: monitoringIntervalMinutes * 60_000,
        pollsAtOnce: POLLS_AT_ONCE,
      }),
    },
  ],
  exports: [
    DeviceWatch,
    DeviceRoster,
    IncidentLedger,
    IncidentNotices,
    PollAgenda,
    MONITORING_OPTIONS,
    ...HEALTH_PROVIDERS,
    ...HISTORY_PROVIDERS,
    TypeOrmModule,
  ],
})
export class DeviceWatchModule {}

/** Polls the terminals, and shows incidents, state and history. */
@Module({
  imports: [
    AuditModule,
    BufferModule,
    ClockModule,
    DeviceWatchModule,
    DevicesModule,
    DialInModule,
    MetricsModule,
    SyncCoordinatorModule,
  ],
  controllers: [IncidentsController, MonitoringStatusController],
  providers: [
    UserPoll,
    UserPollSchedule,
    DeviceUserMonitoringService,
    IncidentsService,
    MonitoringMetrics,
    FillMetrics,
    MonitoringUpkeepSchedule,
    MonitoringStatusService,
  ],
  exports: [DeviceUserMonitoringService, IncidentsService, MonitoringStatusService, UserPoll],
})
export class MonitoringModule {}
