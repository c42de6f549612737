import { type DeviceIdentity } from '@app/device-gateway';
import { type DeviceUserId } from '@app/kernel';
import { type BatchRead, type TerminalMark } from './terminal-mark.js';
import { type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';

/** What to change of a user; what is not named stays as it is, credentials included. */
export interface UserChange {
  /** null: no name */
  readonly name?: string | null;
  /** Decimal, without leading zeros; null: no card. */
  readonly cardNumber?: string | null;
  /** The terminal's privilege byte. */
  readonly privilege?: number;
  readonly groupId?: number;
  /** As DeviceUser has it; null: those of the group. */
  readonly timezoneId?: string | null;
  /** A PIN can be taken away and never set: nobody here knows one. */
  readonly hasPin?: false;
}

export interface PlanOptions {
  /** Whether a name that does not fit is cut at a character boundary; otherwise it is refused. */
  readonly shortenName?: boolean;
}

/**
 * An open session with a terminal that can write one user at a time: never a list, never a clear. Each write names the
 * snapshot that it starts from; the caller has the lease, has stored its intent, and reads back afterwards.
 */
export abstract class DeviceWriter implements AsyncDisposable {
  abstract readonly identity: DeviceIdentity;

  /**
   * The user as it is now, out of a complete, proven list; undefined: proven to be absent.
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  abstract readUser(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined>;

  /**
   * Several users as they are now, as readUser gives them; whoever is not in it is proven to be absent. One read of the list
   * for all of them, where the kind of terminal allows it.
   * @throws as readUser
   */
  async readUsers(
    ids: ReadonlySet<DeviceUserId>,
    depth: SnapshotDepth,
  ): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
    const users = new Map<DeviceUserId, UserSnapshot>();
    for (const id of ids) {
      const user = await this.readUser(id, depth);
      if (user) users.set(id, user);
    }
    return users;
  }

  /** The terminal with everything of these users, for whoever is about to write many. @throws as readUser */
  abstract readForBatch(ids: ReadonlySet<DeviceUserId>): Promise<BatchRead>;

  /** A cheap question whether anybody changes the terminal besides us. @throws {DeviceError} */
  abstract mark(): Promise<TerminalMark>;

  /**
   * The user as it will be when `change` is written, byte by byte; sends nothing.
   * @throws {UnwritableValueError} a value does not fit the terminal, with the count and the bound
   */
  abstract plan(before: UserSnapshot, change: UserChange, options?: PlanOptions): UserSnapshot;

  /**
   * The user as it will be when `snapshot` is written to this terminal, where it is absent: equal but for the slot,
   * which is another one when its own is taken now.
   * @throws {UnwritableValueError} the terminal is full, or cannot hold it
   * @throws {UserChangedError} the user is there
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  abstract planRestore(snapshot: UserSnapshot): Promise<UserSnapshot>;

  /**
   * Overwrites `before` with `after`; credentials stay. Reads the user again first, and writes only if he still is as
   * `before` says. Equal snapshots: nothing is sent.
   * @throws {UserChangedError} the user is not as `before` says; nothing was written
   * @throws {DeviceError} nothing was written
   * @throws {WriteRefusedError} the terminal refused, and shows that nothing was done
   * @throws {OutcomeUnknownError} it is not known whether, or how much of it, was done
   */
  abstract update(before: UserSnapshot, after: UserSnapshot): Promise<void>;

  /**
   * Removes this user with all credentials; punches stay. A snapshot of everything is compared with everything.
   * @throws as update; {UnknownFirmwareError} what its firmware would delete is not known
   */
  abstract delete(before: UserSnapshot): Promise<void>;

  /** Writes an absent user with all credentials, as planRestore made it. @throws as update */
  abstract restore(planned: UserSnapshot): Promise<void>;

  /**
   * Puts `after`, as a RestoreForecast makes it, in the place of `before`: attributes and every credential that differs. No
   * credential is deleted. Both are of everything; compared and refused as update does it.
   * @throws as update
   */
  abstract merge(before: UserSnapshot, after: UserSnapshot): Promise<void>;

  /**
   * As restore (without `before`) or merge, without reading the list for it: for whoever has read the terminal under this
   * lease and sees by its mark, right before, that nobody has changed it since.
   * @throws as update
   */
  abstract put(before: UserSnapshot | undefined, after: UserSnapshot): Promise<void>;

  /**
   * Whether what was read back is what was to be written, as far as this kind of terminal can show it. Equal bytes, unless
   * it is known to keep something in another form.
   */
  confirms(wanted: UserSnapshot, found: UserSnapshot): boolean {
    return wanted.bytes.equals(found.bytes);
  }

  /** Reads a snapshot's bytes again. @throws {BadSnapshotError} they are not one of this protocol */
  abstract decode(bytes: Buffer): UserSnapshot;

  /** Says goodbye and lets go of the session; never throws. */
  abstract close(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
