import { type CopyProgress } from '@app/device-writer';
import { Injectable } from '@nestjs/common';
import { type BackupTrigger } from './backup.entities.js';

/** A backup that this process is making. */
export interface BackupUnderway {
  readonly deviceId: string;
  readonly deviceName: string;
  readonly trigger: BackupTrigger;
  readonly startedAt: Date;
  /** Undefined: it waits for its turn at the terminal. `writing`: all has been read, and the file is being written. */
  progress?: CopyProgress | { readonly stage: 'writing' };
}

/** Which backups this process is making, and how far they are. */
@Injectable()
export class BackupBoard {
  private readonly underway = new Set<BackupUnderway>();

  begin(backup: BackupUnderway): BackupUnderway & Disposable {
    const entry = { ...backup, [Symbol.dispose]: () => void this.underway.delete(entry) };
    this.underway.add(entry);
    return entry;
  }

  /** The longest running first. */
  list(): BackupUnderway[] {
    return [...this.underway];
  }
}
