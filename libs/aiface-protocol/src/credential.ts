import { type DeviceUserId } from '@app/kernel';
import { AifaceFormatError } from './errors.js';
import { enrollIdOf } from './enroll-id.js';
import { field, type Fields, integerField, isFields, textField } from './json.js';

/** What a credential is, by its number (aiface-protocol 3.2). */
export type CredentialKind = 'fingerprint' | 'pin' | 'card' | 'face' | 'palm' | 'photo' | 'other';

/** The numbers of credentials that are single; the others are ranges. */
export const BackupNumber = { PIN: 10, CARD: 11, PHOTO: 50 } as const;

const LARGEST_BACKUP_NUMBER = 99;
const DECODED: ReadonlySet<string> = new Set([
  'cmd',
  'ret',
  'sn',
  'result',
  'enrollid',
  'name',
  'backupnum',
  'admin',
  'record',
]);

/** Fingers 0 to 9, PIN 10, card 11, face templates 20 to 27 and 51, palms 30 to 37 and 40 to 41, photo 50. */
export function credentialKind(backupNumber: number): CredentialKind {
  if (backupNumber <= 9) return 'fingerprint';
  if (backupNumber === BackupNumber.PIN) return 'pin';
  if (backupNumber === BackupNumber.CARD) return 'card';
  if ((backupNumber >= 20 && backupNumber <= 27) || backupNumber === 51) return 'face';
  if ((backupNumber >= 30 && backupNumber <= 37) || backupNumber === 40 || backupNumber === 41) return 'palm';
  return backupNumber === BackupNumber.PHOTO ? 'photo' : 'other';
}

/** One entry of a user list: a credential, or only a user where the list tells no credentials. */
export interface ListedCredential {
  readonly enrollId: DeviceUserId;
  /** As the terminal wrote it, leading zeros included. */
  readonly rawEnrollId: string;
  /** 0 normal, 1 administrator, 2 super user. Undefined: not told. */
  readonly admin?: number;
  readonly backupNumber?: number;
}

/** A user of a list, with the numbers of all credentials that the list gave. */
export interface ListedUser {
  readonly enrollId: DeviceUserId;
  readonly rawEnrollId: string;
  readonly admin?: number;
  /** In the order of the list. */
  readonly backupNumbers: readonly number[];
}

/** A credential with its contents, as a terminal hands it over or gives it out. */
export interface Credential {
  readonly enrollId: DeviceUserId;
  readonly rawEnrollId: string;
  readonly backupNumber: number;
  readonly name: string;
  readonly admin: number;
  /** A template, picture, PIN or card number, with its JSON type: to be kept and sent back as it is. */
  readonly record: string | number;
  /** Whatever else the terminal told of the user. */
  readonly extra: Fields;
}

/** @throws {AifaceFormatError} `bad-field`: this is no entry of a user list */
export function decodeListedCredential(entry: unknown): ListedCredential {
  const fields: Fields = isFields(entry) ? entry : { enrollid: entry };
  const enrollId = enrollIdOf(field(fields, 'enrollid'));
  if (enrollId === undefined)
    throw new AifaceFormatError('bad-field', 'An entry of a user list has no usable enrollid');
  const listsCredential = field(fields, 'backupnum') !== undefined;
  return {
    enrollId,
    rawEnrollId: String(field(fields, 'enrollid')).trim(),
    admin: integerField(fields, 'admin'),
    backupNumber: listsCredential ? backupNumberOf(fields) : undefined,
  };
}

/** @throws {AifaceFormatError} `bad-field`, `missing-field`: this is no credential */
export function decodeCredential(fields: Fields): Credential {
  const record = field(fields, 'record');
  const enrollId = enrollIdOf(field(fields, 'enrollid'));
  if (enrollId === undefined) throw new AifaceFormatError('bad-field', 'A credential has no usable enrollid');
  if (typeof record !== 'string' && typeof record !== 'number')
    throw new AifaceFormatError('missing-field', `A credential of user ${enrollId} has no record`);
  // JSON has lost its last digits: it would be kept, and given back, as another card.
  if (typeof record === 'number' && !Number.isSafeInteger(record))
    throw new AifaceFormatError('bad-field', `A credential of user ${enrollId} is a number that JSON does not hold`);
  return {
    enrollId,
    rawEnrollId: String(field(fields, 'enrollid')).trim(),
    backupNumber: backupNumberOf(fields),
    name: textField(fields, 'name') ?? '',
    admin: integerField(fields, 'admin') ?? 0,
    record,
    extra: Object.fromEntries(Object.entries(fields).filter(([key]) => !DECODED.has(key.trim()))),
  };
}

/** Gathers the entries of a list by user, in the order of their first entry. Who has several roles has the highest. */
export function foldCredentials(entries: readonly ListedCredential[]): ListedUser[] {
  const users = new Map<DeviceUserId, { rawEnrollId: string; admin?: number; backupNumbers: number[] }>();
  for (const { enrollId, rawEnrollId, admin, backupNumber } of entries) {
    const user = users.get(enrollId) ?? { rawEnrollId, backupNumbers: [] };
    users.set(enrollId, user);
    if (admin !== undefined) user.admin = Math.max(admin, user.admin ?? 0);
    if (backupNumber !== undefined) user.backupNumbers.push(backupNumber);
  }
  return [...users].map(([enrollId, user]) => ({ enrollId, ...user }));
}

function backupNumberOf(fields: Fields): number {
  const number = integerField(fields, 'backupnum');
  if (number !== undefined && number >= 0 && number <= LARGEST_BACKUP_NUMBER) return number;
  const shown = textField(fields, 'backupnum')?.slice(0, 20) ?? 'that is none';
  throw new AifaceFormatError('bad-field', `A credential has the number ${shown}; 0 to ${LARGEST_BACKUP_NUMBER} exist`);
}
