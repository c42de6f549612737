import { type AddressTarget, type DeviceIdentity, IncompleteReadError } from '@app/device-gateway';
import { type ZkUserRead, type ZkWriteSession } from '@app/device-gateway/sessions';
import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import {
  encodeRefresh,
  encodeUserDelete,
  encodeUserWrite,
  type FreeSizes,
  moveUserRecord,
  type UserRecord,
  type ZkWrite,
} from '@app/zk-protocol';
import { UnwritableValueError, UserChangedError, WriteRefusedError } from '../device-writer.errors.js';
import { DeviceWriter, type PlanOptions, type UserChange } from '../device-writer.js';
import { unknownOutcome } from '../unknown-outcome.js';
import { type BatchRead, isUntouched, type TerminalMark } from '../terminal-mark.js';
import { type SnapshotDepth, type UserSnapshot } from '../user-snapshot.js';
import { changedRecord } from './zk-plan.js';
import { freeSlot, mergingWrites, requireRoom, restoringWrites } from './zk-restore.js';
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
    return (await this.readUsers(new Set([id]), depth)).get(id);
  }

  override async readUsers(
    ids: ReadonlySet<DeviceUserId>,
    depth: SnapshotDepth,
  ): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
    return this.usersOf(await this.session.readUsers(), ids, depth);
  }

  override async readForBatch(ids: ReadonlySet<DeviceUserId>): Promise<BatchRead> {
    const list = await this.session.readUsers();
    const users = await this.usersOf(list, ids, 'everything');
    const fingerprintAlgorithm = await this.session.readFingerprintAlgorithm();
    const mark = await this.mark();
    if (!isUntouched(markOf(list.counters), mark, undefined, new Set())) {
      throw new IncompleteReadError(
        'list-changed',
        'Somebody was enrolled, changed or deleted while the terminal was read; read it again when they are done',
      );
    }
    const { encoding } = this.target;
    return {
      facts: {
        identity: this.identity,
        protocol: 'zk',
        fingerprintAlgorithm,
        recordWidth: list.width ?? null,
        counters: list.counters,
        encoding,
      },
      traits: list.records.map(({ userId, slot, card }) => ({
        deviceUserId: isPrintableUserId(userId) ? canonicalDeviceUserId(userId) : null,
        slot,
        cardNumber: card === 0 ? null : String(card),
      })),
      users,
      mark,
    };
  }

  override async mark(): Promise<TerminalMark> {
    return markOf(await this.session.readCounters());
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

  override async merge(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    if (before.bytes.equals(after.bytes)) return;
    await this.requireUnchanged(before, 'everything');
    await this.put(before, after);
  }

  override async put(before: UserSnapshot | undefined, after: UserSnapshot): Promise<void> {
    const { deviceUserId: id } = after.user;
    const wanted = wholeUser(after);
    if (!before) {
      await this.write(`the restore of user ${id}`, { id }, restoringWrites(wanted));
      return;
    }
    requireSamePlace(before, after);
    const writes = mergingWrites(wholeUser(before), wanted);
    if (writes.length > 0) await this.write(`the merge of user ${id}`, { id, before }, writes);
  }

  override decode(bytes: Buffer): UserSnapshot {
    return this.snapshot(decodeZkUser(bytes));
  }

  override async close(): Promise<void> {
    await this.session.close();
  }

  private async usersOf(
    { records }: ZkUserRead,
    ids: ReadonlySet<DeviceUserId>,
    depth: SnapshotDepth,
  ): Promise<ReadonlyMap<DeviceUserId, UserSnapshot>> {
    const wanted = records.flatMap((record) => {
      const id = isPrintableUserId(record.userId) ? canonicalDeviceUserId(record.userId) : undefined;
      return id !== undefined && ids.has(id) ? [[id, record] as const] : [];
    });
    const slots = new Set(wanted.map(([, { slot }]) => slot));
    const isTemplates = depth === 'everything' && slots.size > 0;
    const templates = isTemplates ? await this.session.readTemplatesOf(slots) : undefined;
    return new Map(
      wanted.map(([id, { raw, slot }]) => {
        return [id, this.snapshot({ depth, record: Buffer.from(raw), templates: templates?.get(slot) ?? [] })];
      }),
    );
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

/** Its operation log tells of changes that leave the other counters alone. */
function markOf({ users, templates, operations }: FreeSizes): TerminalMark {
  return { counters: { users, fingerprint: templates, operations }, enrolled: new Set() };
}
