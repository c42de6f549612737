import { type CredentialMark, describeSnapshot, type SnapshotDescription } from '@app/device-writer';
import { type Device } from '@app/devices';
import { AppError, type DeviceUserId } from '@app/kernel';
import { Injectable, Optional } from '@nestjs/common';
import { type BackedUpUser } from '../files/backup-source.js';
import { type BackupWitness } from './backup-witness.js';
import { PastBackups } from './past-backups.js';

/** A value before and after. */
export interface Change<T> {
  readonly from: T;
  readonly to: T;
}

/** A credential, without anything of what it holds. */
export type CredentialName = Pick<CredentialMark, 'kind' | 'index'>;

/** What is different of a user who is in both backups; undefined: the same, or not told by both. */
export interface AttributeChange {
  readonly deviceUserId: DeviceUserId;
  readonly name?: Change<string | null>;
  readonly cardNumber?: Change<string | null>;
  readonly privilege?: Change<number | null>;
  readonly hasPin?: Change<boolean>;
  readonly credentialsAdded: readonly CredentialName[];
  readonly credentialsRemoved: readonly CredentialName[];
  /** The same finger, other contents. */
  readonly credentialsReplaced: readonly CredentialName[];
}

/** What two backups tell, or why they tell nothing. */
export type BackupChanges =
  | { readonly changes: readonly AttributeChange[] }
  | { readonly changes: null; readonly code: string; readonly reason: string };

/** Compares the users of two backups, attribute by attribute. */
@Injectable()
export class BackupComparison {
  constructor(@Optional() private readonly backups?: PastBackups) {}

  /** One after the other: of the first, only what may be shown is kept; never a template. */
  async compare(
    device: Device,
    earlier: BackupWitness | undefined,
    later: BackupWitness | undefined,
  ): Promise<BackupChanges> {
    if (!earlier || !later)
      return untold('no-backup', 'No valid backup was taken at or before each of the two moments');
    if (earlier.id === later.id)
      return untold(
        'same-backup',
        `No valid backup was taken between the two moments; ${earlier.filename} is the last one before both`,
      );
    if (earlier.protocol !== later.protocol)
      return untold(
        'other-protocol',
        'The two backups are of terminals of different kinds, which have nothing to compare',
      );
    if (!this.backups) return untold('not-readable', 'This process cannot open backups');
    try {
      const before = new Map<DeviceUserId, SnapshotDescription>();
      for await (const user of this.backups.contents(earlier.id))
        before.set(user.deviceUserId, describe(device, earlier, user));
      const changes: AttributeChange[] = [];
      for await (const user of this.backups.contents(later.id)) {
        const was = before.get(user.deviceUserId);
        const change = was && changeOf(user.deviceUserId, was, describe(device, later, user));
        if (change) changes.push(change);
      }
      return { changes };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return untold(error.code, error.message);
    }
  }
}

function untold(code: string, reason: string): BackupChanges {
  return { changes: null, code, reason };
}

function describe({ encoding }: Device, { protocol }: BackupWitness, { snapshot }: BackedUpUser): SnapshotDescription {
  return describeSnapshot(snapshot, { protocol, encoding });
}

function changeOf(
  deviceUserId: DeviceUserId,
  was: SnapshotDescription,
  is: SnapshotDescription,
): AttributeChange | undefined {
  // A backup without a key holds neither PINs nor credentials: that they are not in it is no change.
  const isWhole = was.depth === 'everything' && is.depth === 'everything';
  const marks = (of: SnapshotDescription): Map<string, CredentialMark> =>
    new Map(isWhole ? of.credentials.map((mark) => [`${mark.kind} ${mark.index}`, mark]) : []);
  const [before, after] = [marks(was), marks(is)];
  const change: AttributeChange = {
    deviceUserId,
    ...(was.name !== is.name && { name: { from: was.name, to: is.name } }),
    ...(was.cardNumber !== is.cardNumber && { cardNumber: { from: was.cardNumber, to: is.cardNumber } }),
    ...(was.privilege !== is.privilege && { privilege: { from: was.privilege, to: is.privilege } }),
    ...(isWhole && was.hasPin !== is.hasPin && { hasPin: { from: was.hasPin, to: is.hasPin } }),
    credentialsAdded: namesOf(after, (key) => !before.has(key)),
    credentialsRemoved: namesOf(before, (key) => !after.has(key)),
    credentialsReplaced: namesOf(after, (key, { digest }) => before.has(key) && before.get(key)?.digest !== digest),
  };
  return isEmpty(change) ? undefined : change;
}

function namesOf(
  marks: ReadonlyMap<string, CredentialMark>,
  wanted: (key: string, mark: CredentialMark) => boolean,
): CredentialName[] {
  return [...marks].flatMap(([key, mark]) => (wanted(key, mark) ? [{ kind: mark.kind, index: mark.index }] : []));
}

function isEmpty({ name, cardNumber, privilege, hasPin, ...credentials }: AttributeChange): boolean {
  const { credentialsAdded, credentialsRemoved, credentialsReplaced } = credentials;
  return (
    !(name ?? cardNumber ?? privilege ?? hasPin) &&
    credentialsAdded.length + credentialsRemoved.length + credentialsReplaced.length === 0
  );
}
