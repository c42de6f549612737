import { type SnapshotProtocol } from '@app/device-writer';

export const BACKUP_FORMAT = 'holdfast-backup/1';

/** The first line of a backup: what it is of, and what it holds. */
export interface BackupHeader {
  readonly format: typeof BACKUP_FORMAT;
  readonly device: { readonly id: string; readonly slug: string; readonly name: string };
  readonly protocol: SnapshotProtocol;
  readonly serial_number: string;
  readonly model: string | null;
  readonly firmware: string | null;
  /** With which the fingerprints were made; null: the terminal does not tell. */
  readonly fingerprint_algorithm: string | null;
  /** ISO 8601 in UTC; the same instant as in the file's name. */
  readonly created_at: string;
  readonly users: number;
  readonly credentials: number;
  /** `everything`: PINs and templates included. `attributes`: without them, since no key was configured. */
  readonly contents: 'everything' | 'attributes';
  /** What the terminal has and does not hand out, and what was left out for lack of a key; for people. */
  readonly lacking: readonly string[];
  /** SHA-256 over the lines of the users, newlines included, hexadecimal. */
  readonly digest: string;
}
