import { BackupNumber, type ProfileFields } from '@app/aiface-protocol';
import { type WallTime } from '@app/kernel';
import { type EmulatedPunch, type EmulatedUser } from '../emulated-people.js';
import { inventUsers, randomNumbers } from '../invent-people.js';

/** A person on an emulated AiFace terminal. */
export interface EmulatedAifaceUser {
  /** Digits; leading zeros are possible. */
  readonly enrollId: string;
  readonly name: string;
  /** 0 normal, 1 administrator, 2 super user */
  readonly admin: number;
  readonly enabled: boolean;
  /** What else its profile says, such as `department`. */
  readonly profile?: ProfileFields;
  /** By `backupnum`; a user without any is in no list of credentials. */
  readonly credentials: ReadonlyMap<number, string | number>;
}

/** An entry of its log. */
export interface EmulatedAifacePunch {
  /** 0: the terminal itself; 99999999: a stranger. */
  readonly enrollId: string;
  readonly time: WallTime;
  readonly mode: number;
  readonly inOut: number;
  readonly event: number;
  /** Base64; sent with the punch only. */
  readonly image?: string;
}

const FIRST_FACE = 20;
/** A JPEG in name only; real ones have some tens of kilobytes. */
const PICTURE_BYTES = 600;

/** The same invented people as on a ZK terminal, with faces, and every third with a finger too. */
export function inventAifaceUsers(options: { readonly count: number; readonly seed?: number }): EmulatedAifaceUser[] {
  const random = randomNumbers((options.seed ?? 1) + 7);
  return inventUsers(options).map((user, i) => {
    const { enrollId, name, admin, enabled, credentials } = aifaceUserOf(user);
    const all = new Map(credentials);
    if (i % 3 === 0) all.set(0, inventFinger(random));
    if (random() < 0.9 || all.size === 0) all.set(BackupNumber.PHOTO, inventPicture(random));
    return { enrollId, name, admin, enabled, credentials: all };
  });
}

/** A user of a ZK terminal as an AiFace terminal would hold him: card and PIN become credentials. */
export function aifaceUserOf({ userId, name, privilege, card, password }: EmulatedUser): EmulatedAifaceUser {
  const credentials = new Map<number, string | number>();
  if (password !== '') credentials.set(BackupNumber.PIN, Number(password));
  if (card !== 0) credentials.set(BackupNumber.CARD, card);
  return { enrollId: userId, name: name.toString('utf8'), admin: privilege > 0 ? 1 : 0, enabled: true, credentials };
}

/** A punch of a ZK terminal as an AiFace terminal would hold it. */
export function aifacePunchOf({ userId, time, verify, state }: EmulatedPunch): EmulatedAifacePunch {
  return { enrollId: userId, time, mode: verify === 1 ? 1 : 8, inOut: state, event: 0 };
}

/** Whether a credential counts as a face: a picture, or a template. */
export function isFace(backupNumber: number): boolean {
  return backupNumber === BackupNumber.PHOTO || (backupNumber >= FIRST_FACE && backupNumber < FIRST_FACE + 8);
}

/** Hexadecimal digits with runs of zero bytes written as `(n)`, as such terminals do. */
export function inventFinger(random: () => number): string {
  let text = 'c5';
  for (let i = 0; i < 120; i += 1) {
    const byte = Math.floor(random() * 256);
    text += byte < 25 ? `(${1 + byte})` : byte.toString(16).padStart(2, '0');
  }
  return text;
}

export function inventPicture(random: () => number): string {
  const bytes = Buffer.alloc(PICTURE_BYTES);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Math.floor(random() * 256);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes.toString('base64');
}
