/** How often terminals are backed up, and for how long backups are kept. */
export interface BackupOptions {
  /** Every window of this length contains the start of a backup of each terminal, or of an attempt that was told. */
  readonly intervalMs: number;
  readonly retentionDays: number;
  readonly backupsAtOnce: number;
}

export const BACKUP_OPTIONS = Symbol('BACKUP_OPTIONS');
/** Each reads megabytes of templates and keeps its terminal for minutes. */
export const BACKUPS_AT_ONCE = 2;

/** Backups start this much more often than they must, so that one that has to wait for its turn is still in time. */
const HEAD_START = 0.05;
const FIRST_RETRY_MS = 5 * 60_000;
const LONGEST_RETRY_MS = 60 * 60_000;

/** From the start of one backup to that of the next. */
export function backupPeriodMs({ intervalMs }: BackupOptions): number {
  return Math.floor(intervalMs * (1 - HEAD_START));
}

/** How long after the n-th failure in a row it is tried again: 5, 10, 20, 40, 60, 60 … minutes. */
export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.max(failures - 1, 0), LONGEST_RETRY_MS);
}
