import { createHash } from 'node:crypto';
import {
  BackupNumber,
  credentialKind,
  DESTRUCTIVE_COMMANDS,
  type Fields,
  PROFILE_FIELDS,
  type ProfileField,
  type ProfileFields,
  WRITE_COMMANDS,
} from '@app/aiface-protocol';
import { canonicalDeviceUserId, compareDeviceUserIds, formatWallTime, type WallTime } from '@app/kernel';
import { type EmulatedAifacePunch, type EmulatedAifaceUser, isFace } from './aiface-people.js';
import { type AifaceProfile } from './aiface-profiles.js';

/** One entry of a user list. */
export interface ListEntry {
  readonly enrollid: number | string;
  readonly admin: number;
  readonly backupnum: number;
}

/** What is changed by commands that a reader never sends. */
export const OBEYED: ReadonlySet<string> = new Set<string>([...WRITE_COMMANDS, ...DESTRUCTIVE_COMMANDS]);

/** What an emulated AiFace terminal holds. */
export class AifaceState {
  readonly log: { readonly punch: EmulatedAifacePunch; taken: boolean }[] = [];
  /** Credentials that the server has not acknowledged, in the order of their enrolment. */
  readonly unknownToServer: { readonly enrollId: string; readonly backupNumber: number }[] = [];
  private readonly people = new Map<string, EmulatedAifaceUser>();
  private readonly unsaved = new Set<string>();

  constructor(
    public userCapacity: number,
    private readonly profile: Pick<AifaceProfile, 'takesProfiles' | 'deletes'>,
  ) {}

  users(): EmulatedAifaceUser[] {
    return [...this.people.values()];
  }

  find(enrollId: unknown): EmulatedAifaceUser | undefined {
    return this.people.get(canonicalDeviceUserId(String(enrollId)));
  }

  setUsers(users: readonly EmulatedAifaceUser[]): void {
    this.people.clear();
    for (const user of users) this.putUser(user);
    this.save();
  }

  putUser(user: EmulatedAifaceUser): void {
    const id = canonicalDeviceUserId(user.enrollId);
    this.people.set(id, user);
    this.unsaved.add(id);
  }

  /** What was written until now survives a restart. */
  save(): void {
    this.unsaved.clear();
  }

  /** Whether it may be lost when the power fails. */
  isUnsaved({ enrollId }: EmulatedAifaceUser): boolean {
    return this.unsaved.has(canonicalDeviceUserId(enrollId));
  }

  removeUser(enrollId: string): boolean {
    const id = canonicalDeviceUserId(enrollId);
    this.unsaved.delete(id);
    return this.people.delete(id);
  }

  /** One entry per credential; whoever has none is not in it. */
  list(): ListEntry[] {
    return this.users().flatMap(({ enrollId, admin, credentials }) =>
      [...credentials.keys()].map((backupnum) => ({ enrollid: idForWire(enrollId), admin, backupnum })),
    );
  }

  counters(): Record<string, number> {
    const users = this.users();
    const numbers = users.flatMap(({ credentials }) => [...credentials.keys()]);
    const count = (kind: string): number => numbers.filter((number) => credentialKind(number) === kind).length;
    return {
      useduser: users.length,
      usedface: users.filter(({ credentials }) => [...credentials.keys()].some(isFace)).length,
      usedfp: count('fingerprint'),
      usedpalm: count('palm'),
      usedcard: count('card'),
      usedpwd: count('pin'),
      usedlog: this.log.length,
      usednewlog: this.log.filter(({ taken }) => !taken).length,
      usedrtlog: 0,
    };
  }

  capacity(): Record<string, number> {
    const { userCapacity: size } = this;
    return {
      usersize: size,
      facesize: size,
      fpsize: size * 3,
      palmsize: size,
      cardsize: size,
      pwdsize: size,
      logsize: 500_000,
    };
  }

  /** A digest of all users with credentials; equal exactly when nothing about them changed. */
  snapshot(): string {
    const users = this.users()
      .map((user) => ({ ...user, credentials: [...user.credentials].toSorted(([a], [b]) => a - b) }))
      .toSorted((a, b) => compareDeviceUserIds(a.enrollId, b.enrollId));
    return createHash('sha256').update(JSON.stringify(users)).digest('hex');
  }

  /** Does what a command says that changes something; false: it cannot. @param nameBytes how much of a name is kept */
  obey(command: string, fields: Fields, nameBytes?: number): boolean {
    const user = this.find(fields.enrollid);
    if (command === 'setuserinfo') return this.setUserInfo(fields, nameBytes);
    if (command === 'deleteuser') return this.deleteUser(user, Number(fields.backupnum));
    if (command === 'enableuser' && user)
      this.putUser({ ...user, enabled: Number(fields.enflag ?? fields.enable) === 1 });
    if (command === 'cleanuser' || command === 'initsys' || command === 'cleandatebase') this.people.clear();
    if (command === 'cleanlog' || command === 'initsys') this.log.length = 0;
    if (command === 'cleanadmin') for (const each of this.users()) this.putUser({ ...each, admin: 0 });
    return true;
  }

  private setUserInfo(fields: Fields, nameBytes: number | undefined): boolean {
    const { enrollid, name, admin, backupnum, record, enable } = fields;
    const known = this.find(enrollid);
    if (!known && this.people.size >= this.userCapacity) return false;
    const isCredential = typeof record === 'string' || typeof record === 'number';
    if (!isCredential && !this.profile.takesProfiles) return false;
    const credentials = new Map(known?.credentials);
    if (isCredential) credentials.set(Number(backupnum), record);
    const profile = isCredential ? known?.profile : { ...known?.profile, ...profileOf(fields) };
    this.putUser({
      enrollId: known?.enrollId ?? String(enrollid),
      name: typeof name === 'string' ? cut(name, nameBytes) : (known?.name ?? ''),
      admin: admin === undefined ? (known?.admin ?? 0) : Number(admin),
      enabled: enable === undefined ? (known?.enabled ?? true) : Number(enable) === 1,
      ...(profile === undefined || Object.keys(profile).length === 0 ? {} : { profile }),
      credentials,
    });
    return true;
  }

  /** 12 and 13 delete what the firmware says, others that credential (aiface-protocol 12, no. 5). */
  private deleteUser(user: EmulatedAifaceUser | undefined, backupNumber: number): boolean {
    if (!user) return false;
    const scope = backupNumber === 12 || backupNumber === 13 ? this.profile.deletes[backupNumber] : backupNumber;
    const credentials = new Map([...user.credentials].filter(([number]) => !isWithin(number, scope)));
    const isLeft = scope !== 'everything' && (scope !== 'all-but-biometrics' || credentials.size > 0);
    if (!isLeft) return this.removeUser(user.enrollId);
    if (typeof scope === 'number' && !user.credentials.has(scope)) return false;
    this.putUser({ ...user, credentials });
    return true;
  }
}

/** Whether a deletion of this scope takes a credential. */
function isWithin(number: number, scope: number | 'fingerprints' | 'everything' | 'all-but-biometrics'): boolean {
  if (typeof scope === 'number') return number === scope;
  const kind = credentialKind(number);
  if (scope === 'fingerprints') return kind === 'fingerprint';
  return scope === 'everything' || kind === 'pin' || kind === 'card';
}

function profileOf(fields: Fields): ProfileFields {
  return Object.fromEntries(
    Object.entries(fields).filter(([key]) => key !== 'enable' && PROFILE_FIELDS.includes(key as ProfileField)),
  ) as ProfileFields;
}

function cut(name: string, bytes: number | undefined): string {
  return bytes === undefined ? name : Buffer.from(name).subarray(0, bytes).toString('utf8');
}

/** An ID as this terminal writes it: a number, or a text where it has leading zeros. */
export function idForWire(enrollId: string): number | string {
  const number = Number(enrollId);
  return String(number) === enrollId && Number.isSafeInteger(number) ? number : enrollId;
}

/** An entry of the log as it is sent. */
export function logEntryOf({ enrollId, time, mode, inOut, event, image }: EmulatedAifacePunch, name?: string): Fields {
  const entry = { enrollid: idForWire(enrollId), time: formatWallTime(time), mode, inout: inOut, event };
  return { ...entry, ...(name ? { name } : {}), ...(image ? { image } : {}) };
}

/** The punch that somebody makes now with what he has enrolled. */
export function punchOf(user: EmulatedAifaceUser, time: WallTime, inOut: number): EmulatedAifacePunch {
  const numbers = [...user.credentials.keys()];
  const mode = numbers.some(isFace) ? 8 : numbers.includes(BackupNumber.CARD) ? 3 : 1;
  return { enrollId: user.enrollId, time, mode, inOut, event: 0 };
}
