import { Injectable } from '@nestjs/common';
import { BackupCatalogue } from '../backup-catalogue.js';
import { BackupFolder } from '../files/backup-folder.js';
import { type BackedUpUser } from '../files/backup-source.js';
import { PastBackups } from './past-backups.js';

/** The backups of the folder, by their number in the catalogue. */
@Injectable()
export class KeptBackups extends PastBackups {
  constructor(
    private readonly catalogue: BackupCatalogue,
    private readonly folder: BackupFolder,
  ) {
    super();
  }

  override async *contents(backupId: string): AsyncIterable<BackedUpUser> {
    const { filename } = await this.catalogue.getById(backupId);
    yield* (await this.folder.open(filename)).users();
  }
}
