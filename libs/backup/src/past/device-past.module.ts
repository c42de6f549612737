import { ClockModule } from '@app/config';
import { DevicesModule } from '@app/devices';
import { DeviceWatchModule } from '@app/monitoring';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BackupCatalogue } from '../backup-catalogue.js';
import { DeviceBackup } from '../backup.entities.js';
import { BackupFilesModule } from '../files/backup-files.module.js';
import { KeptBackups } from './kept-backups.js';
import { PastBackups } from './past-backups.js';
import { BackupComparison } from './backup-changes.js';
import { BackupWitnesses } from './backup-witness.js';
import { DevicePastController } from './device-past.controller.js';
import { DevicePastService } from './device-past.service.js';
import { DevicePastDiffService } from './device-past-diff.service.js';
import { Moments } from './moments.js';

/** Who was on a terminal at a moment, and what changed between two. Attributes are compared where backups can be opened. */
@Module({
  imports: [BackupFilesModule, ClockModule, DevicesModule, DeviceWatchModule, TypeOrmModule.forFeature([DeviceBackup])],
  controllers: [DevicePastController],
  providers: [
    BackupCatalogue,
    BackupComparison,
    BackupWitnesses,
    DevicePastService,
    DevicePastDiffService,
    Moments,
    { provide: PastBackups, useClass: KeptBackups },
  ],
  exports: [DevicePastService, DevicePastDiffService],
})
export class DevicePastModule {}
