import { ClockModule } from '@app/config';
import { Module } from '@nestjs/common';
import { BackupFolder } from './backup-folder.js';
import { BackupKeys } from './backup-keys.js';
import { BackupWriteObserver } from './backup-write-observer.js';

/** The files of backups, and the keys that close and open them. */
@Module({
  imports: [ClockModule],
  providers: [BackupFolder, BackupKeys, BackupWriteObserver],
  exports: [BackupFolder, BackupKeys],
})
export class BackupFilesModule {}
