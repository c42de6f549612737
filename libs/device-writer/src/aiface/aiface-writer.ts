import { type AifaceCounters, BackupNumber, type ListedUser } from '@app/aiface-protocol';
import { type DeviceIdentity, IncompleteReadError } from '@app/device-gateway';
import { type AifaceUserRead, type AifaceWriteSession } from '@app/device-gateway/sessions';
import { type DeviceUserId } from '@app/kernel';
import { UnwritableValueError, UserChangedError, WriteRefusedError } from '../device-writer.errors.js';
import { DeviceWriter, type UserChange } from '../device-writer.js';
import { unknownOutcome } from '../unknown-outcome.js';
import { type BatchRead, type TerminalMark } from '../terminal-mark.js';
import { type SnapshotDepth, type UserSnapshot } from '../user-snapshot.js';
import { changedUser, isChangeOf, requireKnownFirmware } from './aiface-plan.js';
import { requireRoom, roomOf } from './aiface-room.js';
import { aifaceSnapshot, type AifaceUser, aifaceUserOf, decodeAifaceUser, isRead } from './aiface-snapshot.js';
import { performWrites } from './aiface-write.js';
import { changingWrites, deletingWrites, mergingWrites, profileWrites, restoringWrites } from './aiface-writes.js';

/** A terminal makes a picture anew when it takes it: then its size may be another one, within these bounds. */
const PHOTO_SIZE_FACTOR = 2;

/** Writes single users to an AiFace terminal, on the connection that it holds. */
export class AifaceWriter extends DeviceWriter {
  private enrolments?: ReturnType<AifaceWriteSession['watchEnrolments']>;

  constructor(private readonly session: AifaceWriteSession) {
    super();
  }

  override get identity(): DeviceIdentity {
    return this.session.identity;
  }

  override async readUser(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined> {
    const read = await this.session.readUser(id, (number) => isRead(depth, number));
    return read && aifaceSnapshot(this.userOf(read, depth));
  }

  override async readUsers(
    ids: ReadonlySet<DeviceUserId>,
    depth: SnapshotDepth,
  ): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
    const { reads } = await this.session.readUsersOf(ids, (number) => isRead(depth, number));
    return this.snapshotsOf(reads, depth);
  }

  override async readForBatch(ids: ReadonlySet<DeviceUserId>): Promise<BatchRead> {
    const { users: listed, counters, reads } = await this.session.readUsersOf(ids, () => true);
    const users = this.snapshotsOf(reads, 'everything');
    const { info, identity } = this.session;
    return {
      facts: {
        identity,
        protocol: 'aiface',
        fingerprintAlgorithm: info?.fingerprintAlgorithm ?? null,
        recordWidth: null,
        counters: { users: listed.length, userCapacity: info?.capacity.users },
        room: roomOf(counters, info),
      },
      traits: listed.map(({ enrollId }) => {
        const cardNumber = users.get(enrollId)?.user.details?.cardNumber ?? null;
        return { deviceUserId: enrollId, slot: null, cardNumber };
      }),
      users,
      mark: this.markOf(counters),
    };
  }

  override async mark(): Promise<TerminalMark> {
    return this.markOf(await this.session.readCounters());
  }

  override plan(before: UserSnapshot, change: UserChange): UserSnapshot {
    return aifaceSnapshot(changedUser(decodeAifaceUser(before.bytes), change, this.firmware));
  }

  override async planRestore(snapshot: UserSnapshot): Promise<UserSnapshot> {
    const held = wholeUser(snapshot);
    await this.requireAbsent(snapshot, held);
    restoringWrites(held, this.firmware); // throws where the firmware cannot
    // Leading zeros are lost: an ID is sent as a number.
    return aifaceSnapshot({ ...held, rawEnrollId: snapshot.user.deviceUserId });
  }

  override async update(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    const [held, wanted] = [decodeAifaceUser(before.bytes), decodeAifaceUser(after.bytes)];
    const { deviceUserId: id } = before.user;
    if (!isChangeOf(held, wanted)) {
      throw new UnwritableValueError(`A change of user ${id} may change name, card, PIN and role, and nothing else`);
    }
    if (before.bytes.equals(after.bytes)) return;
    await this.requireUnchanged(before, held);
    const writes = await changingWrites(held, wanted, this.firmware, (number) => this.recordOf(held, id, number));
    await this.write(`the change of user ${id}`, before, async (what) => performWrites(this.session, what, writes));
  }

  override async delete(before: UserSnapshot): Promise<void> {
    requireKnownFirmware(this.firmware);
    const { deviceUserId: id } = before.user;
    const held = decodeAifaceUser(before.bytes);
    const found = await this.readUser(id, before.depth);
    if (!found?.bytes.equals(before.bytes)) throw changedMeanwhile(id, found !== undefined);
    await this.write(`the deletion of user ${id}`, before, async (what) => {
      await performWrites(this.session, what, deletingWrites(held));
      await this.requireGone(what, id, held);
    });
  }

  override async restore(planned: UserSnapshot): Promise<void> {
    const held = wholeUser(planned);
    const { deviceUserId: id } = planned.user;
    await this.requireAbsent(planned, held);
    const writes = restoringWrites(held, this.firmware);
    await this.write(`the restore of user ${id}`, id, async (what) => {
      await performWrites(this.session, what, writes);
      await this.restoreProfile(what, held, listedUserOf(planned, held));
    });
  }

  override async merge(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    await this.put(before, after);
  }

  override async put(before: UserSnapshot | undefined, after: UserSnapshot): Promise<void> {
    const wanted = wholeUser(after);
    const { deviceUserId: id } = after.user;
    if (before?.bytes.equals(after.bytes)) return;
    // A single user can be asked for without the list, so that he is compared here too.
    if (before) await this.requireUnchanged(before, wholeUser(before));
    const writes = before
      ? mergingWrites(wholeUser(before), wanted, this.firmware)
      : restoringWrites(wanted, this.firmware);
    await this.write(`the ${before ? 'merge' : 'restore'} of user ${id}`, before ?? id, async (what) => {
      await performWrites(this.session, what, writes);
      await this.restoreProfile(what, wanted, listedUserOf(after, wanted));
    });
  }

  override confirms(wanted: UserSnapshot, found: UserSnapshot): boolean {
    if (wanted.bytes.equals(found.bytes)) return true;
    const [one, other] = [decodeAifaceUser(wanted.bytes), decodeAifaceUser(found.bytes)];
    const photo = (user: AifaceUser): string =>
      String(user.credentials.find(({ backupNumber }) => backupNumber === BackupNumber.PHOTO)?.record ?? '');
    const [long, short] = [photo(one).length, photo(other).length].toSorted((a, b) => b - a);
    if (short === 0 || long > short * PHOTO_SIZE_FACTOR) return false;
    return aifaceSnapshot(withoutPhoto(one)).bytes.equals(aifaceSnapshot(withoutPhoto(other)).bytes);
  }

  override decode(bytes: Buffer): UserSnapshot {
    return aifaceSnapshot(decodeAifaceUser(bytes));
  }

  override async close(): Promise<void> {
    this.enrolments?.[Symbol.dispose]();
    this.session.close();
  }

  private get firmware(): string | undefined {
    return this.session.info?.firmware;
  }

  /** Enrolments are noted from the first mark on. */
  private markOf(counters: AifaceCounters): TerminalMark {
    this.enrolments ??= this.session.watchEnrolments();
    const { users, fingerprints: fingerprint, faces: face, palms: palm, cards: card, pins: pin } = counters;
    return { counters: { users, fingerprint, face, palm, card, pin }, enrolled: new Set(this.enrolments.ids) };
  }

  private snapshotsOf(
    reads: ReadonlyMap<DeviceUserId, AifaceUserRead>,
    depth: SnapshotDepth,
  ): ReadonlyMap<DeviceUserId, UserSnapshot> {
    return new Map([...reads].map(([id, read]) => [id, aifaceSnapshot(this.userOf(read, depth))]));
  }

  private userOf(read: AifaceUserRead, depth: SnapshotDepth): AifaceUser {
    return aifaceUserOf(read, depth, this.session.info?.fingerprintAlgorithm);
  }

  private async recordOf({ credentials }: AifaceUser, id: DeviceUserId, number: number): Promise<string | number> {
    const held = credentials.find(({ backupNumber }) => backupNumber === number)?.record;
    return held ?? (await this.session.readCredential(id, number)).record;
  }

  /** Asks for the user alone: a list of thousands would be older than the answers to a few questions. */
  private async requireUnchanged(before: UserSnapshot, held: AifaceUser): Promise<void> {
    const listed = listedUserOf(before, held);
    const found = await this.session
      .readAgain(listed, (number) => isRead(held.depth, number))
      .catch((error: unknown) => {
        if (error instanceof IncompleteReadError && error.reason === 'list-changed') return undefined;
        throw error;
      });
    if (found && aifaceSnapshot(this.userOf(found, held.depth)).bytes.equals(before.bytes)) return;
    throw changedMeanwhile(before.user.deviceUserId, found !== undefined);
  }

  private async requireAbsent({ user: { deviceUserId: id } }: UserSnapshot, held: AifaceUser): Promise<void> {
    const { users, counters } = await this.session.readList();
    if (users.some(({ enrollId }) => enrollId === id)) {
      throw new UserChangedError(`User ${id} is on the terminal, and only an absent user can be restored`, {
        details: { deviceUserId: id, present: true },
      });
    }
    requireRoom(held, counters, this.session.info);
  }

  /** Firmware is known to keep biometrics of a user whom it says it deleted (12, no. 5). */
  private async requireGone(what: string, id: DeviceUserId, { credentials }: AifaceUser): Promise<void> {
    for (const { backupNumber } of credentials) {
      const isThere = await this.session.hasCredential(id, backupNumber).catch((error: unknown) => {
        throw unknownOutcome(what, 'the terminal could not be asked afterwards', error);
      });
      if (isThere) throw unknownOutcome(what, `the terminal still gives credential ${backupNumber}`);
    }
  }

  private async restoreProfile(what: string, held: AifaceUser, listed: ListedUser): Promise<void> {
    if (!held.profile) return;
    try {
      const found = await this.session.readAgain(listed, () => false);
      await performWrites(this.session, what, profileWrites(held, found.profile ?? null, this.firmware));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw unknownOutcome(what, `the credentials are written, and the rest is not sure: ${why}`, error);
    }
  }

  /** A refusal is believed once the terminal has shown that it is as it was. @param before the ID alone: absent */
  private async write(
    what: string,
    before: UserSnapshot | DeviceUserId,
    perform: (what: string) => Promise<void>,
  ): Promise<void> {
    try {
      await perform(what);
    } catch (error) {
      if (error instanceof WriteRefusedError) await this.requireUntouched(what, before, error);
      throw error;
    }
  }

  private async requireUntouched(
    what: string,
    before: UserSnapshot | DeviceUserId,
    refusal: WriteRefusedError,
  ): Promise<void> {
    let why = 'the terminal refused, and has done something all the same';
    try {
      const [id, depth] =
        typeof before === 'string' ? [before, 'attributes' as const] : [before.user.deviceUserId, before.depth];
      const found = await this.readUser(id, depth);
      if (typeof before === 'string' ? !found : found?.bytes.equals(before.bytes)) return;
    } catch (error) {
      why = `the terminal refused, and could not be read afterwards (${error instanceof Error ? error.message : String(error)})`;
    }
    throw unknownOutcome(what, why, refusal);
  }
}

function changedMeanwhile(deviceUserId: DeviceUserId, present: boolean): UserChangedError {
  return new UserChangedError(
    `User ${deviceUserId} ${present ? 'has been changed at the terminal' : 'is not on the terminal any more, or not as a whole'}; read the user again`,
    { details: { deviceUserId, present } },
  );
}

function listedUserOf({ user }: UserSnapshot, { rawEnrollId, admin, credentials }: AifaceUser): ListedUser {
  const backupNumbers = credentials.map(({ backupNumber }) => backupNumber);
  return { enrollId: user.deviceUserId, rawEnrollId, admin, backupNumbers };
}

function wholeUser({ bytes, depth, user }: UserSnapshot): AifaceUser {
  if (depth === 'everything') return decodeAifaceUser(bytes);
  throw new UnwritableValueError(
    `User ${user.deviceUserId} was stored without credentials, so that restoring would lose them; use a snapshot of everything`,
  );
}

function withoutPhoto(user: AifaceUser): AifaceUser {
  return { ...user, credentials: user.credentials.filter(({ backupNumber }) => backupNumber !== BackupNumber.PHOTO) };
}
