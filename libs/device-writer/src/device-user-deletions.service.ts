import { type AuditOperation, DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Device, DevicesService } from '@app/devices';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, AppError, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, LessThan, type Repository } from 'typeorm';
import {
  AlreadyUndoneError,
  DeletionForbiddenError,
  DeletionNotFoundError,
  DeletionReasonError,
  SnapshotErasedError,
} from './deletion.errors.js';
import { DeletionBudget } from './deletion-budget.js';
import { DeletionPrecautions } from './deletion-precaution.js';
import { DeletionConsequence, DeletionUndoConsequence } from './deletion-consequences.js';
import { DeletedDeviceUser, type WriteState } from './device-write.entity.js';
import { DEVICE_WRITER_SERVICE } from './device-write.journal.js';
import { DeviceWriteService } from './device-write.service.js';
import { WriteNotDoneError, WriteUndeterminedError, WriteUnsettledError } from './device-writer.errors.js';
import { ERASED_SNAPSHOT } from './snapshot-erasure.js';
import { SnapshotSeal } from './snapshot-seal.js';

export const REASON_LENGTH = { min: 3, max: 500 };
/** What a bigint column can hold; a command takes anything. */
const IS_NUMBER = /^[1-9][0-9]{0,17}$/;

/** A deletion with what became of it. */
export interface Deletion {
  readonly user: DeletedDeviceUser;
  readonly state: WriteState;
}

/** A deletion that was undone. */
export interface UndoneDeletion {
  readonly user: DeletedDeviceUser;
  /** The slot that the user has now; null: the terminal has none. */
  readonly slot: number | null;
}

/** Deletes one user of a terminal for an administrator, and brings it back (requirements 3.4, 3.5, 5.4). */
@Injectable()
export class DeviceUserDeletions {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(DeletedDeviceUser) private readonly deleted: Repository<DeletedDeviceUser>,
    private readonly writes: DeviceWriteService,
    private readonly budget: DeletionBudget,
    private readonly precautions: DeletionPrecautions,
    private readonly devices: DevicesService,
    private readonly seal: SnapshotSeal,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Budget, precautions, whole snapshot, deletion, proof of absence. Mapping, buffer row and punches stay. A deletion that is refused
   * is audited too.
   * @throws {DeletionForbiddenError} {DeletionReasonError} {DeletionBudgetError} and as DeviceWriteService.perform
   */
  async delete(
    device: Device,
    deviceUserId: DeviceUserId,
    wanted: { reason: string; actor: Actor; signal?: AbortSignal; confirmTripped?: boolean },
  ): Promise<Deletion> {
    const { actor, signal, confirmTripped } = wanted;
    const reason = wanted.reason.trim();
    return this.auditingRefusal(
      'user_deletion_refused',
      { device, deviceUserId, actor, details: { reason } },
      async () => {
        if (actor.kind !== 'administrator') throw new DeletionForbiddenError();
        const length = [...reason].length;
        if (length < REASON_LENGTH.min || length > REASON_LENGTH.max)
          throw new DeletionReasonError(length, REASON_LENGTH);
        const allowance = await this.budget.allowanceOf(device, actor);
        await this.precautions.takeAll(device, { deviceUserId, actor, signal });
        const { write } = await this.writes.perform(device, {
          kind: 'delete',
          deviceUserId,
          actor,
          reason,
          signal,
          confirmTripped,
          purpose: DeletionConsequence.purpose,
          purposeData: { driver: device.driver },
          beforeIntent: (tx) => this.budget.require(tx, device, actor, allowance),
        });
        return { user: await this.deleted.findOneByOrFail({ writeId: write.id }), state: write.state };
      },
    );
  }

  /**
   * Writes a deleted user back with every credential, bit for bit; only the slot may be another one.
   * @throws {DeletionForbiddenError} {DeletionNotFoundError} {AlreadyUndoneError}
   * @throws {SnapshotErasedError} the user was erased for good
   * @throws {DeviceUserPresentError} the ID is in use again; and as DeviceWriteService.perform
   */
  async undo(
    id: string,
    actor: Actor,
    { confirmTripped }: { readonly confirmTripped?: boolean } = {},
  ): Promise<UndoneDeletion> {
    const user = await this.get(id);
    const device = await this.devices.get(user.deviceId);
    const { deviceUserId } = user;
    const about = { device, deviceUserId, actor, details: { deletion_id: id } };
    return this.auditingRefusal('user_deletion_undo_refused', about, async () => {
      if (actor.kind !== 'administrator') throw new DeletionForbiddenError();
      refuseUndone(user);
      refuseErased(user);
      const { after } = await this.writes.perform(device, {
        kind: 'restore',
        deviceUserId,
        actor,
        confirmTripped,
        snapshot: await this.seal.open(user.snapshotSealed),
        purpose: DeletionUndoConsequence.purpose,
        purposeData: { deletion_id: id },
        beforeIntent: async (tx) => {
          const lock = { mode: 'pessimistic_write' } as const;
          refuseUndone(await tx.findOneOrFail(DeletedDeviceUser, { where: { id }, lock }));
        },
      });
      return { user: await this.deleted.findOneByOrFail({ id }), slot: after?.user.slot ?? null };
    });
  }

  /** Who was deleted, and from where. @throws {DeletionNotFoundError} */
  async get(id: string): Promise<DeletedDeviceUser> {
    const user = IS_NUMBER.test(id) ? await this.deleted.findOneBy({ id }) : null;
    if (!user) throw new DeletionNotFoundError(id);
    return user;
  }

  /** A page of deletions, newest first; those that were not done are left out, since their users are still there. */
  async list(filter: {
    deviceId?: string;
    limit: number;
    cursor?: string;
  }): Promise<{ items: Deletion[]; nextCursor: string | null }> {
    const { deviceId, limit, cursor } = filter;
    const found = this.deleted
      .createQueryBuilder('deleted')
      .innerJoin('device_writes', 'write', `write.id = deleted.write_id and write.state <> 'not_done'`)
      .addSelect('write.state', 'state')
      .orderBy('deleted.id', 'DESC')
      .limit(limit + 1);
    if (deviceId !== undefined) found.andWhere({ deviceId });
    if (cursor !== undefined) found.andWhere({ id: LessThan(decodeCursor(cursor)) });
    const { entities, raw } = await found.getRawAndEntities<{ state: WriteState }>();
    const items = entities.map((user, i) => ({ user, state: raw[i].state }));
    const last = items.length > limit ? items[limit - 1] : undefined;
    return { items: items.slice(0, limit), nextCursor: last ? encodeCursor(last.user.id) : null };
  }

  /**
   * Whom administrators deleted from a device under a later lease than that of `token`: missing since then without
   * anything being wrong. By tokens, since they are in order whatever the clocks say. Includes those whose deletion was
   * sent and is not settled, and leaves out those who were brought back.
   */
  async findDeletedAfter(
    deviceId: string,
    token: string,
    tx: Tx = this.dataSource.manager,
  ): Promise<ReadonlySet<DeviceUserId>> {
    const rows = await tx.query<{ device_user_id: DeviceUserId }[]>(
      `select distinct device_user_id from device_writes w
        where device_id = $1 and kind = 'delete' and state <> 'not_done' and lease_token > $2
          and not exists (select from deleted_device_users d where d.write_id = w.id and d.restored_at is not null)`,
      [deviceId, token],
    );
    return new Set(rows.map(({ device_user_id: id }) => id));
  }

  /** What was sent has its story in the journal; what was not is told here. */
  private async auditingRefusal<T>(
    operation: AuditOperation,
    about: { device: Device; deviceUserId: DeviceUserId; actor: Actor; details: Record<string, unknown> },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || isInJournal(error)) throw error;
      await this.dataSource.transaction((tx) =>
        this.audit.logOperation(tx, {
          operation,
          deviceId: about.device.id,
          deviceUserId: about.deviceUserId,
          performedBy: about.actor,
          serviceName: DEVICE_WRITER_SERVICE,
          details: { ...about.details, role: about.actor.kind, code: error.code, why: error.message },
        }),
      );
      throw error;
    }
  }
}

function isInJournal(error: AppError): boolean {
  return [WriteNotDoneError, WriteUnsettledError, WriteUndeterminedError].some((kind) => error instanceof kind);
}

/** @throws {AlreadyUndoneError} */
function refuseUndone({ id, restoredAt, restoredBy }: DeletedDeviceUser): void {
  if (restoredAt) throw new AlreadyUndoneError(id, restoredAt, restoredBy);
}

/** @throws {SnapshotErasedError} */
function refuseErased({ id, deviceUserId, snapshotSealed }: DeletedDeviceUser): void {
  if (snapshotSealed === ERASED_SNAPSHOT) throw new SnapshotErasedError(id, deviceUserId);
}
