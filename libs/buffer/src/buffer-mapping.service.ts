import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Actor, AppError, type PersonRef } from '@app/kernel';
import { type AdoptedAttributes, type MappingEnding, UserMappingsService } from '@app/people';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BufferedUserNotFoundError, NotWaitingError } from './buffer.errors.js';
import { BufferedUser } from './buffered-user.entity.js';

/** A wish of a bulk mapping: which row is whom. */
export interface WantedMapping extends PersonRef {
  readonly bufferId: string;
}

/** What became of one wish; a refused one says why, and stops no other. */
export type MappingOutcome =
  | { readonly outcome: 'mapped' | 'unchanged'; readonly bufferId: string }
  | { readonly outcome: 'refused'; readonly bufferId: string; readonly error: AppError };

/** What a person decides about a buffered user: who it is, that it is nobody to be mapped, or that it was not them. */
@Injectable()
export class BufferMappingService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mappings: UserMappingsService,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Maps a buffered user: mapping, status of the row, attribution of its punches and audit entry, in one transaction.
   * What the device holds of the user is adopted. Safe to repeat; true: it was not mapped before.
   * @throws {BufferedUserNotFoundError} @throws {NoSuchPersonError} @throws {MappingTakenError}
   */
  async map(id: string, person: PersonRef, actor: Actor): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const row = await this.lock(tx, id);
      const { deviceId, deviceUserId, name } = row;
      return this.mappings.link(tx, { deviceId, deviceUserId, name, adopted: adoptedFrom(row) }, person, actor);
    });
  }

  /** Maps many users, each in a transaction of its own and in the order given. */
  async mapMany(wishes: readonly WantedMapping[], actor: Actor): Promise<MappingOutcome[]> {
    const outcomes: MappingOutcome[] = [];
    for (const { bufferId, personId, personType } of wishes) {
      try {
        const isNew = await this.map(bufferId, { personId, personType }, actor);
        outcomes.push({ bufferId, outcome: isNew ? 'mapped' : 'unchanged' });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        outcomes.push({ bufferId, outcome: 'refused', error });
      }
    }
    return outcomes;
  }

  /** Removes the mapping of a buffered user. @throws {BufferedUserNotFoundError} @throws {NoSuchMappingError} */
  async unmap(id: string, ending: MappingEnding, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const row = await this.lock(tx, id);
      await this.mappings.unlink(tx, row, ending, actor);
    });
  }

  /**
   * Puts a user aside, with a reason: a visitor, a spare card. It stays in the buffer and on the device.
   * @throws {BufferedUserNotFoundError} @throws {NotWaitingError} it is mapped, or in conflict
   */
  async ignore(id: string, reason: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const row = await this.lock(tx, id);
      if (row.mappingStatus !== 'unmapped') throw new NotWaitingError(row.deviceUserId, row.mappingStatus);
      if (row.ignoredReason === reason) return;
      const ignored = { ignoredAt: () => 'clock_timestamp()', ignoredBy: actor.name, ignoredReason: reason };
      await tx.update(BufferedUser, { id }, ignored);
      await this.tell(tx, 'user_ignored', row, actor, { reason });
    });
  }

  /** Takes a user up again who was put aside; one who was not is left as it is. @throws {BufferedUserNotFoundError} */
  async notice(id: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const row = await this.lock(tx, id);
      if (row.ignoredAt === null) return;
      await tx.update(BufferedUser, { id }, { ignoredAt: null, ignoredBy: null, ignoredReason: null });
      await this.tell(tx, 'user_noticed', row, actor, {});
    });
  }

  private async lock(tx: Tx, id: string): Promise<BufferedUser> {
    const row = await tx.findOne(BufferedUser, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new BufferedUserNotFoundError(id);
    return row;
  }

  private async tell(
    tx: Tx,
    operation: 'user_ignored' | 'user_noticed',
    { deviceId, deviceUserId, name }: BufferedUser,
    actor: Actor,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const about = { deviceId, deviceUserId, deviceUserName: name };
    await this.audit.logOperation(tx, { operation, ...about, performedBy: actor, serviceName: 'buffer', details });
  }
}

/** What the device holds now, as far as it has told: a terminal that tells names one by one may not have, yet. */
function adoptedFrom(row: BufferedUser): AdoptedAttributes {
  const told = row.nameBytes === null ? {} : { name: row.name, card_number: row.cardNumber, privilege: row.privilege };
  return { ...told, group_id: row.groupId, timezone_id: row.timezoneId, has_pin: row.hasPin };
}
