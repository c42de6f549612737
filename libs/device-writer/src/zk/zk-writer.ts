import { type AddressTarget, type DeviceIdentity } from '@app/device-gateway';
import { type ZkUserRead, type ZkWriteSession } from '@app/device-gateway/sessions';
import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import {
  encodeRefresh,
  encodeUserDelete,
  encodeUserWrite,
  moveUserRecord,
  type UserRecord,
  type ZkWrite,
} from '@app/zk-protocol';
import { UnwritableValueError, UserChangedError, WriteRefusedError } from '../device-writer.errors.js';
import { DeviceWriter, type PlanOptions, type UserChange } from '../device-writer.js';
import { unknownOutcome } from '../unknown-outcome.js';
import { type SnapshotDepth, type UserSnapshot } from '../user-snapshot.js';
import { changedRecord } from './zk-plan.js';
import { freeSlot, requireRoom, restoringWrites } from './zk-restore.js';
import { decodeZkUser, type ZkUser, zkSnapshot } from './zk-snapshot.js';
import { performWrites } from './zk-write.js';

/** Writes single users to a ZK terminal. */
export class ZkWriter extends DeviceWriter {
  constructor(
    private readonly session: ZkWriteSession,
    private readonly target: AddressTarget,
  ) {
    super();
  }

  override get identity(): DeviceIdentity {
    return this.session.identity;
  }

  override async readUser(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined> {
    const { records } = await this.session.readUsers();
    const record = recordOf(records, id);
    if (!record) return undefined;
    const templates = depth === 'everything' ? ((await this.session.readTemplates()).get(record.slot) ?? []) : [];
    return this.snapshot({ depth, record: record.raw, templates });
  }

  override plan(before: UserSnapshot, change: UserChange, options: PlanOptions = {}): UserSnapshot {
    const held = decodeZkUser(before.bytes);
    const record = changedRecord(held.record, change, this.target.encoding, options);
    return this.snapshot({ ...held, record });
  }

  override async planRestore(snapshot: UserSnapshot): Promise<UserSnapshot> {
    const held = wholeUser(snapshot);
    const list = await this.session.readUsers();
    requireAbsent(list, snapshot);
    requireRoom(list, held);
    const record = moveUserRecord(held.record, freeSlot(list.records, held.record.readUInt16LE(0)));
    return this.snapshot({ ...held, record });
  }

  override async update(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    const [held, wanted] = [decodeZkUser(before.bytes), decodeZkUser(after.bytes)];
    requireSamePlace(before, after);
    if (held.record.equals(wanted.record)) return;
    await this.requireUnchanged(before, 'attributes');
    await this.write(`the change of user ${before.user.deviceUserId}`, { id: before.user.deviceUserId, before }, [
      encodeUserWrite(wanted.record),
    ]);
  }

  override async delete(before: UserSnapshot): Promise<void> {
    const { record } = decodeZkUser(before.bytes);
    await this.requireUnchanged(before, before.depth);
    await this.write(`the deletion of user ${before.user.deviceUserId}`, { id: before.user.deviceUserId, before }, [
      encodeUserDelete(record.readUInt16LE(0)),
    ]);
  }

  override async restore(planned: UserSnapshot): Promise<void> {
    const held = wholeUser(planned);
    const list = await this.session.readUsers();
    requireAbsent(list, planned);
    requireRoom(list, held);
    const slot = held.record.readUInt16LE(0);
    if (freeSlot(list.records, slot) !== slot) {
      throw new UserChangedError(
        `Slot ${slot} of the terminal is taken by now; plan the restore of user ${planned.user.deviceUserId} anew`,
      );
    }
    await this.write(
      `the restore of user ${planned.user.deviceUserId}`,
      { id: planned.user.deviceUserId },
      restoringWrites(held),
    );
  }

  override decode(bytes: Buffer): UserSnapshot {
    return this.snapshot(decodeZkUser(bytes));
  }

  override async close(): Promise<void> {
    await this.session.close();
  }

  private snapshot(held: ZkUser): UserSnapshot {
    return zkSnapshot(held, this.target.encoding);
  }

  /** In the same session and just before the write: slots are reused, so that a former slot may be somebody else's. */
  private async requireUnchanged(before: UserSnapshot, depth: SnapshotDepth): Promise<void> {
    const found = await this.readUser(before.user.deviceUserId, depth);
    if (found && sameUser(found, before)) return;
    throw new UserChangedError(
      `User ${before.user.deviceUserId} ${found ? 'has been changed at the terminal' : 'is not on the terminal any more'}; read the user again`,
      { details: { deviceUserId: before.user.deviceUserId, present: found !== undefined } },
    );
  }

  /** A refusal is believed once the terminal has shown that it is as it was. */
  private async write(what: string, about: Written, writes: readonly ZkWrite[]): Promise<void> {
    try {
      await performWrites(this.session, what, [...writes, encodeRefresh()]);
    } catch (error) {
      if (error instanceof WriteRefusedError) await this.requireUntouched(what, about, error);
      throw error;
    }
  }

  private async requireUntouched(what: string, { id, before }: Written, refusal: WriteRefusedError): Promise<void> {
    let why = 'the terminal refused, and has done something all the same';
    try {
      const found = await this.readUser(id, before?.depth ?? 'attributes');
      if (before ? found && sameUser(found, before) : !found) return;
    } catch (error) {
      why = `the terminal refused, and could not be read afterwards (${error instanceof Error ? error.message : String(error)})`;
    }
    throw unknownOutcome(what, why, refusal);
  }
}

/** Who is written, and how he was: undefined, absent. */
interface Written {
  readonly id: DeviceUserId;
  readonly before?: UserSnapshot;
}

function recordOf(records: readonly UserRecord[], id: DeviceUserId): UserRecord | undefined {
  return records.find(({ userId }) => isPrintableUserId(userId) && canonicalDeviceUserId(userId) === id);
}

/** Of different depths, the records are compared. */
function sameUser(one: UserSnapshot, other: UserSnapshot): boolean {
  if (one.depth === other.depth) return one.bytes.equals(other.bytes);
  return decodeZkUser(one.bytes).record.equals(decodeZkUser(other.bytes).record);
}

/** A change moves nobody to another slot, and makes nobody out of somebody else. */
function requireSamePlace({ user: before }: UserSnapshot, { user: after }: UserSnapshot): void {
  if (before.slot === after.slot && before.rawUserId === after.rawUserId) return;
  throw new UnwritableValueError(
    `A change may not make user ${after.rawUserId} in slot ${after.slot} out of user ${before.rawUserId} in slot ${before.slot}`,
  );
}

function requireAbsent({ records }: ZkUserRead, { user: { deviceUserId } }: UserSnapshot): void {
  if (!recordOf(records, deviceUserId)) return;
  throw new UserChangedError(`User ${deviceUserId} is on the terminal, and only an absent user can be restored`, {
    details: { deviceUserId, present: true },
  });
}

function wholeUser({ bytes, depth, user }: UserSnapshot): ZkUser {
  if (depth === 'everything') return decodeZkUser(bytes);
  throw new UnwritableValueError(
    `User ${user.deviceUserId} was stored without fingerprints, so that restoring would lose them; use a snapshot of everything`,
  );
}
