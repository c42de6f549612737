import { AuditModule } from '@app/audit';
import { AppConfig, ClockModule } from '@app/config';
import { DeviceWriterModule } from '@app/device-writer';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { MetricsModule } from '@app/metrics';
import { DeviceWatchModule, MonitoringModule } from '@app/monitoring';
import { NotificationModule } from '@app/notification';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BackupAgenda } from './backup-agenda.js';
import { BackupBoard } from './backup-board.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { BACKUP_ENTITIES } from './backup.entities.js';
import { BackupMetrics } from './backup.metrics.js';
import { BACKUP_OPTIONS, type BackupOptions, BACKUPS_AT_ONCE } from './backup-options.js';
import { BackupRestoreService } from './backup-restore.service.js';
import { BackupRun } from './backup-run.js';
import { BackupSchedule } from './backup.schedule.js';
import { BackupStatus } from './backup-status.js';
import { BackupUpkeep } from './backup-upkeep.js';
import { BackupUpkeepSchedule } from './backup-upkeep.schedule.js';
import { BackupsController } from './backups.controller.js';
import { DeletionBackup } from './deletion-backup.js';
import { BackupDrill } from './drill/backup-drill.js';
import { BackupDrills } from './drill/backup-drills.service.js';
import { DrillSchedule } from './drill/drill.schedule.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { BackupFilesModule } from './files/backup-files.module.js';
import { DeviceGuards } from './guard/device-guards.service.js';
import { GuardSchedule } from './guard/guard.schedule.js';
import { GuardsController } from './guard/guards.controller.js';
import { IncidentRestoreController } from './restore/incident-restore.controller.js';
import { RestoreConsequence } from './restore/restore-consequence.js';
import { RestorePlanner } from './restore/restore-planner.js';
import { RestoreRepository } from './restore/restore.repository.js';
import { RestoreRunner } from './restore/restore-runner.js';
import { RestoreSources } from './restore/restore-sources.js';
import { RestoresController } from './restore/restores.controller.js';
import { RestoresSchedule } from './restore/restores.schedule.js';
import { Restores } from './restore/restores.service.js';

/** Copies everybody on a terminal into files, fingerprints and faces included, and brings people back from them. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    BackupFilesModule,
    DevicesModule,
    DeviceWriterModule,
    DeviceWatchModule,
    DialInModule,
    ErasureModule,
    MetricsModule,
    MonitoringModule,
    NotificationModule,
    SyncCoordinatorModule,
    TypeOrmModule.forFeature(BACKUP_ENTITIES),
  ],
  controllers: [BackupsController, RestoresController, IncidentRestoreController, GuardsController],
  providers: [
    BackupRestoreService,
    BackupRun,
    BackupCatalogue,
    BackupAgenda,
    BackupBoard,
    BackupMetrics,
    BackupSchedule,
    BackupStatus,
    BackupUpkeep,
    BackupUpkeepSchedule,
    BackupDrill,
    BackupDrills,
    DrillSchedule,
    DeletionBackup,
    Restores,
    RestorePlanner,
    RestoreRepository,
    RestoreRunner,
    RestoreSources,
    RestoreConsequence,
    RestoresSchedule,
    DeviceGuards,
    GuardSchedule,
    {
      provide: BACKUP_OPTIONS,
      inject: [AppConfig],
      useFactory: ({ backupIntervalHours, backupRetentionDays }: AppConfig): BackupOptions => ({
        intervalMs: backupIntervalHours * 60 * 60_000,
        retentionDays: backupRetentionDays,
        backupsAtOnce: BACKUPS_AT_ONCE,
      }),
    },
  ],
  exports: [
    BackupRestoreService,
    BackupCatalogue,
    BackupDrills,
    BackupRun,
    BackupUpkeep,
    BackupStatus,
    Restores,
    RestoreRepository,
    DeviceGuards,
  ],
})
export class BackupModule {}
