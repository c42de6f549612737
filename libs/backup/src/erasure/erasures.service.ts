import { DeviceUserAuditService } from '@app/audit';
import { DevicesService } from '@app/devices';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, Clock, type DeviceUserId, type PersonRef } from '@app/kernel';
import { UserMappingsService } from '@app/people';
import { Injectable } from '@nestjs/common';
import { DataSource, In, LessThan } from 'typeorm';
import { Erasure } from './erasure.entity.js';
import {
  ErasureForbiddenError,
  ErasureNotFoundError,
  ErasureReasonError,
  ErasureTargetError,
  NobodyToEraseError,
} from './erasure.errors.js';
import { ERASURE_SERVICE } from './erasure.ledger.js';
import { LiveErasure } from './live-erasure.js';

export const ERASURE_REASON = { min: 3, max: 500 };
const PAGE = 200;

/** One user of one device, or everybody that a person is mapped to. */
export interface ErasureRequest {
  readonly deviceId?: string;
  readonly deviceUserId?: DeviceUserId;
  readonly person?: PersonRef;
  readonly reason: string;
  readonly actor: Actor;
  /** Ends the deletions on terminals, not the erasure: whoever is not deleted by then stays `pending`. */
  readonly signal?: AbortSignal;
}

type Target = Pick<Erasure, 'deviceId' | 'deviceUserId'>;

/** Erases people for good: from terminals, from what the database keeps, and from every later restore (docs/erasure.md). */
@Injectable()
export class Erasures {
  constructor(
    private readonly dataSource: DataSource,
    private readonly devices: DevicesService,
    private readonly mappings: UserMappingsService,
    private readonly live: LiveErasure,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * From when it returns on nobody brings the users back, whether or not their terminals could be reached: those that
   * could not are `pending`, and are tried again until they can. No budget limits it, and it cannot be undone.
   * @throws {ErasureForbiddenError} {ErasureReasonError} {ErasureTargetError} {NobodyToEraseError} {DeviceNotFoundError}
   */
  async erase(request: ErasureRequest): Promise<Erasure[]> {
    const { actor } = request;
    if (actor.kind !== 'administrator') throw new ErasureForbiddenError();
    const reason = request.reason.trim();
    const length = [...reason].length;
    if (length < ERASURE_REASON.min || length > ERASURE_REASON.max)
      throw new ErasureReasonError(length, ERASURE_REASON);
    const stored = await this.store(await this.targetsOf(request), { person: request.person, reason, actor });
    for (const erasure of stored) {
      if (request.signal?.aborted) break;
      await this.live.remove(erasure, request.signal);
    }
    return this.dataSource
      .getRepository(Erasure)
      .find({ where: { id: In(stored.map(({ id }) => id)) }, order: { id: 'ASC' } });
  }

  /** @throws {ErasureNotFoundError} */
  async get(id: string): Promise<Erasure> {
    const erasure = await this.dataSource.getRepository(Erasure).findOneBy({ id });
    if (!erasure) throw new ErasureNotFoundError(id);
    return erasure;
  }

  /** A page of erasures, newest first. @throws {BadCursorError} */
  async list(filter: {
    readonly deviceId?: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly items: readonly Erasure[]; readonly nextCursor: string | null }> {
    const { deviceId, limit, cursor } = filter;
    const found = await this.dataSource.getRepository(Erasure).find({
      where: {
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(cursor === undefined ? {} : { id: LessThan(decodeCursor(cursor)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { items: found.slice(0, limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  /** Rows and audit entries, or neither. */
  private async store(
    targets: readonly Target[],
    { person, reason, actor }: Pick<ErasureRequest, 'person' | 'reason' | 'actor'>,
  ): Promise<Erasure[]> {
    return this.dataSource.transaction(async (tx) => {
      const { personId = null, personType = null } = person ?? {};
      const erasedAt = this.clock.now();
      const erasures = await tx.save(
        targets.map((target) =>
          tx.create(Erasure, { ...target, personId, personType, reason, requestedBy: actor.name, erasedAt }),
        ),
      );
      await this.audit.logOperations(
        tx,
        erasures.map(({ id, deviceId, deviceUserId }) => ({
          operation: 'user_erased',
          deviceId,
          deviceUserId,
          performedBy: actor,
          serviceName: ERASURE_SERVICE,
          details: { erasure_id: id, reason, ...(person && { person_id: personId, person_type: personType }) },
        })),
      );
      return erasures;
    });
  }

  private async targetsOf({ deviceId, deviceUserId, person }: ErasureRequest): Promise<Target[]> {
    const isOfDevice = deviceId !== undefined && deviceUserId !== undefined;
    if (isOfDevice === Boolean(person) || (person && (deviceId ?? deviceUserId) !== undefined))
      throw new ErasureTargetError();
    if (person) return this.usersOf(person);
    if (!isOfDevice) throw new ErasureTargetError();
    await this.devices.get(deviceId);
    return [{ deviceId, deviceUserId }];
  }

  /** By the mappings in force: an ID whose mapping has ended may be somebody else's by now. */
  private async usersOf({ personId, personType }: PersonRef): Promise<Target[]> {
    const users: Target[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.mappings.listOpen({ personId }, { limit: PAGE, cursor });
      for (const mapping of page.items)
        if (mapping.personType === personType)
          users.push({ deviceId: mapping.deviceId, deviceUserId: mapping.deviceUserId as DeviceUserId });
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    if (users.length === 0) throw new NobodyToEraseError(personType, personId);
    return users;
  }
}
