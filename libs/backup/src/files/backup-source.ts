import { type UserSnapshot } from '@app/device-writer';
import { type DeviceUserId } from '@app/kernel';
import { type BackupHeader } from '../format/backup-header.js';

/** What is to be written: everything of the header that does not follow from the users, and the users. */
export interface BackupSource {
  readonly header: Omit<BackupHeader, 'format' | 'created_at' | 'users' | 'credentials' | 'contents' | 'digest'>;
  /** When the terminal was read; names the file. */
  readonly takenAt: Date;
  /** In the order of `compareDeviceUserIds`; gone through twice, for the digest and for the file. */
  users(): AsyncIterable<UserSnapshot>;
}

/** A backup that lies in the folder, whole and read again. */
export interface WrittenBackup {
  readonly filename: string;
  readonly header: BackupHeader;
  readonly takenAt: Date;
  readonly encrypted: boolean;
  readonly sizeBytes: number;
  readonly ids: readonly DeviceUserId[];
  /** Whether it could be decrypted and compared here; a host with public keys alone compares the bytes as written. */
  readonly readBack: boolean;
}

/** One user of a backup. */
export interface BackedUpUser {
  readonly deviceUserId: DeviceUserId;
  readonly name: string | null;
  /** Canonical bytes of a UserSnapshot. Of a file without a key, its depth is `attributes` and its PIN is taken out. */
  readonly snapshot: Buffer;
}

/** A backup that was read from beginning to end, and found whole, before anything of it is given out. */
export interface OpenedBackup {
  readonly filename: string;
  readonly header: BackupHeader;
  /** In the order of the file. @throws {BackupInvalidError} the file was changed since it was opened */
  users(): AsyncIterable<BackedUpUser>;
}
