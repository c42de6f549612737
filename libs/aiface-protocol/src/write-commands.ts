import { type DeviceUserId } from '@app/kernel';
import { DEVICE_ITSELF, enrollIdForWire, enrollIdOf, STRANGER } from './enroll-id.js';
import { field, type Fields, integerField, textField } from './json.js';

/** What the profile form of `setuserinfo` sets besides name and role; each is left as it is unless named (5.2). */
export const PROFILE_FIELDS = [
  'enable',
  'verifymode',
  'department',
  'shiftid',
  'zoneid',
  'groupid',
  'access_times',
  'postid',
  'starttime',
  'endtime',
  'birthday',
] as const;
export type ProfileField = (typeof PROFILE_FIELDS)[number];
export type ProfileFields = Readonly<Partial<Record<ProfileField, string | number>>>;

/** Writes of one user. There is no encoder for anything else that changes a terminal. */
export type WriteCommand =
  /** One credential, which takes the place of the one of that number; others stay (10.2). */
  | {
      readonly cmd: 'setuserinfo';
      readonly enrollid: DeviceUserId;
      readonly name: string;
      readonly backupnum: number;
      readonly admin: number;
      readonly record: string | number;
    }
  /** Attributes and no credential; only newer firmware knows it. */
  | ({
      readonly cmd: 'setuserinfo';
      readonly enrollid: DeviceUserId;
      readonly name?: string;
      readonly admin?: number;
    } & ProfileFields)
  | { readonly cmd: 'enableuser'; readonly enrollid: DeviceUserId; readonly enflag: 0 | 1 }
  /** One credential by its number; 13: what is left of the user. */
  | { readonly cmd: 'deleteuser'; readonly enrollid: DeviceUserId; readonly backupnum: number };

/** What `deleteuser` takes for what is left of a user. Of 12, documents say different things: it is never sent (12, no. 5). */
export const REST_OF_USER = 13;
const NEVER_DELETED = 12;
const LARGEST_CREDENTIAL = 51;

const CREDENTIAL_KEYS = ['cmd', 'enrollid', 'name', 'backupnum', 'admin', 'record'];
const PROFILE_KEYS = ['cmd', 'enrollid', 'name', 'admin', ...PROFILE_FIELDS];

/** The text of a write. */
export function encodeWriteCommand(command: WriteCommand): string {
  return JSON.stringify({ ...command, enrollid: enrollIdForWire(command.enrollid) });
}

/**
 * The allow-list of writes: whether this message changes one user, who is named, and nothing else. It is not enough to be
 * allowed: a write session sends only what it was armed with.
 */
export function isWriteOfOneUser(message: Fields): boolean {
  const enrollId = enrollIdOf(field(message, 'enrollid'));
  if (enrollId === undefined || enrollId === DEVICE_ITSELF || enrollId === STRANGER) return false;
  switch (textField(message, 'cmd')) {
    case 'setuserinfo':
      return field(message, 'record') === undefined ? isProfile(message) : isCredential(message);
    case 'enableuser':
      return hasOnly(message, ['cmd', 'enrollid', 'enflag']) && [0, 1].includes(integerField(message, 'enflag') ?? -1);
    case 'deleteuser':
      return hasOnly(message, ['cmd', 'enrollid', 'backupnum']) && isDeletable(integerField(message, 'backupnum'));
    default:
      return false;
  }
}

/** Whether `deleteuser` may be sent with this number. */
export function isDeletable(backupNumber: number | undefined): boolean {
  return (
    backupNumber !== undefined &&
    backupNumber >= 0 &&
    backupNumber <= LARGEST_CREDENTIAL &&
    backupNumber !== NEVER_DELETED
  );
}

function isCredential(message: Fields): boolean {
  const number = integerField(message, 'backupnum');
  return hasOnly(message, CREDENTIAL_KEYS) && isDeletable(number) && number !== REST_OF_USER;
}

function isProfile(message: Fields): boolean {
  return hasOnly(message, PROFILE_KEYS) && Object.keys(message).length > 2;
}

function hasOnly(message: Fields, keys: readonly string[]): boolean {
  return Object.keys(message).every((key) => keys.includes(key));
}
