import { AppError } from '@app/kernel';

/** Answered alike for a name that is unknown, malformed or hostile: it was looked up in the catalogue, and nowhere else. */
export class BackupNotFoundError extends AppError {
  readonly code = 'backup/not-found';
  readonly kind = 'not-found';

  constructor() {
    super('There is no backup of that name; GET /api/device-users/backups lists those that there are');
  }
}

/** The file is not what was written: damaged, cut, or of another format. Nothing of it may be used. */
export class BackupInvalidError extends AppError {
  readonly code = 'backup/invalid';
  readonly kind = 'conflict';

  constructor(
    readonly filename: string,
    /** What is wrong with it, in a few words; shows nothing of its contents. */
    readonly why: string,
  ) {
    super(`The backup ${filename} is not valid and cannot be used: ${why}; take another one`, {
      details: { filename, why },
    });
  }
}

/** The file is encrypted, and this host has no key that opens it. */
export class BackupKeyMissingError extends AppError {
  readonly code = 'backup/key-missing';
  readonly kind = 'unavailable';

  constructor(filename: string, why: string) {
    super(
      `The backup ${filename} cannot be opened on this host: ${why}; put the operational key or the recovery key into ` +
        'BACKUP_KEY_FILE (docs/backup.md), or restore on a host that has it',
      { details: { filename } },
    );
  }
}

/** A key file, a list of recipients, or the folder of backups is not as it must be. */
export class BackupSetupError extends AppError {
  readonly code = 'backup/setup';
  readonly kind = 'unavailable';
}

/** The backup could not be written whole: no room, no right, or the folder is gone. Nothing is left of it. */
export class BackupNotWrittenError extends AppError {
  readonly code = 'backup/not-written';
  readonly kind = 'unavailable';
}
