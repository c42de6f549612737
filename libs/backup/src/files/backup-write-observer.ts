import { Injectable } from '@nestjs/common';

export const BACKUP_WRITE_STEPS = ['opened', 'written', 'synced', 'read-back', 'named', 'folder-synced'] as const;
/** The steps of writing a backup, in their order. */
export type BackupWriteStep = (typeof BACKUP_WRITE_STEPS)[number];

/** Is told of every step; a test puts one in that ends the story there. */
@Injectable()
export class BackupWriteObserver {
  async reached(_step: BackupWriteStep): Promise<void> {}

  /** Is told how many bytes have gone to the file; what it throws is what the file system would have thrown. */
  wrote(_bytes: number): void {}
}
