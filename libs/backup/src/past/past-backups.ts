import { type BackedUpUser } from '../files/backup-source.js';

/** Opens backups by their number, to look into the past. Who keeps the files binds it. */
export abstract class PastBackups {
  /**
   * Everybody in a backup, in the order of the file; it is found whole before anybody is given out.
   * @throws {BackupNotFoundError} {BackupInvalidError} {BackupKeyMissingError}
   */
  abstract contents(backupId: string): AsyncIterable<BackedUpUser>;
}
