import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { DevicesService } from '@app/devices';
import { type DeviceWrite, WriteConsequence, type WriteImages } from '@app/device-writer';
import { type Actor, Clock } from '@app/kernel';
import { type MappedUser, PersonAttributes } from '@app/people';
import { Injectable } from '@nestjs/common';
import { ConflictDetection } from './conflict-detection.js';
import { type UserConflict } from './conflict.entity.js';
import { ConflictNotFoundError, NoAgreementError } from './conflict.errors.js';
import { type DetectionContext } from './conflict.ledger.js';
import { ConflictRepository } from './conflict.repository.js';
import { type NameLimit, nameLimitOfConflict } from './name-limit.js';
import { type Decision, planResolution } from './resolution-plan.js';
import { differences, isUnchanged } from './rules.js';
import { databaseVersionOf, deviceVersionOf, known, type UserVersion } from './user-version.js';

export const CONFLICT_SERVICE = 'conflict';
export const CONFLICT_PURPOSE = 'conflict_resolution';

/** A decision as the device write carries it, so that it is known after a restart. */
export interface CarriedDecision extends Decision {
  readonly conflict_id: string;
  /** The version that was decided on. */
  readonly version: string;
  readonly notes: string | null;
}

/** Somebody was quicker: what was decided on is not there any more. */
export class ConflictMovedError extends Error {}

/**
 * The database's part of a resolution: it happens in the transaction that settles the device write as done, or not at
 * all (requirement 4: if the write or the read-back fails, the database is as before).
 */
@Injectable()
export class ConflictConsequence extends WriteConsequence {
  readonly purpose = CONFLICT_PURPOSE;

  constructor(
    private readonly conflicts: ConflictRepository,
    private readonly people: PersonAttributes,
    private readonly devices: DevicesService,
    private readonly detection: ConflictDetection,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {
    super();
  }

  /**
   * Nothing is sent unless the decision still fits and both sides will agree afterwards.
   * @throws {ConflictMovedError} @throws {NoAgreementError}
   */
  override async prepare(tx: Tx, write: DeviceWrite, { after }: WriteImages): Promise<void> {
    const decision = decisionOf(write);
    const { mapped, conflict } = await this.lock(tx, write);
    if (!mapped || conflict.resolved || conflict.version !== decision.version || !after) throw new ConflictMovedError();
    if (!isUnchanged(conflict.databaseData, databaseVersionOf(mapped))) throw new ConflictMovedError();
    const limit = await this.limitOf(conflict);
    const plan = planResolution(conflict, mapped.person, decision, limit);
    const device = deviceVersionOf(after.user);
    const apart = differences(device, plan.database, limit);
    if (apart.length > 0) throw new NoAgreementError(conflict.deviceUserId, apart);
    await this.conflicts.noteResolution(tx, conflict.id, known({ ...plan.database, ...device }));
  }

  /** The device is as decided. A person who changed since the write began is not overwritten: the conflict stays open. */
  override async apply(tx: Tx, write: DeviceWrite): Promise<void> {
    const decision = decisionOf(write);
    const { mapped, conflict } = await this.lock(tx, write);
    if (!mapped || conflict.resolved) return;
    const limit = await this.limitOf(conflict);
    const agreed = conflict.resolution ?? conflict.deviceData;
    const context = this.contextOf(conflict, limit, actorOf(write));
    const isDecided = conflict.version === decision.version;
    if (!isDecided || !isUnchanged(conflict.databaseData, databaseVersionOf(mapped))) {
      await this.detection.reevaluate(tx, context, mapped, agreed);
      return;
    }
    const plan = planResolution(conflict, mapped.person, decision, limit);
    await this.people.changePerson(tx, mapped, plan.person);
    await this.people.recordAgreed(tx, mapped.mappingId, agreed);
    await this.close(tx, conflict, decision, agreed, context.performedBy);
    const settled = await this.people.findMappedUser(tx, conflict.deviceId, conflict.deviceUserId);
    if (settled) await this.detection.reevaluate(tx, context, settled, agreed);
  }

  /** Person, mapping, conflict, in the order in which everybody takes them. */
  private async lock(tx: Tx, write: DeviceWrite): Promise<{ mapped: MappedUser | undefined; conflict: UserConflict }> {
    const { conflict_id: id } = decisionOf(write);
    const mapped = await this.people.lockMappedUser(tx, write.deviceId, write.deviceUserId);
    await this.conflicts.takeTurn(tx, write.deviceId);
    const conflict = await this.conflicts.lock(tx, id);
    if (!conflict) throw new ConflictNotFoundError(id);
    return { mapped, conflict };
  }

  private async close(
    tx: Tx,
    conflict: UserConflict,
    { strategy, choices, notes }: CarriedDecision,
    agreed: UserVersion,
    actor: Actor,
  ): Promise<void> {
    const { id, deviceId, deviceUserId, conflictType, deviceData: device, databaseData: database } = conflict;
    const resolvedAt = await this.conflicts.close(tx, [id], {
      resolvedBy: actor.name,
      strategy,
      notes,
      resolution: agreed,
    });
    await this.audit.logOperation(tx, {
      operation: 'conflict_resolved',
      deviceId,
      deviceUserId,
      deviceUserName: agreed.name ?? null,
      performedBy: actor,
      serviceName: CONFLICT_SERVICE,
      details: {
        conflict_id: id,
        conflict_type: conflictType,
        strategy,
        ...(choices && { choices }),
        notes,
        resolved_at: resolvedAt?.toISOString(),
        device,
        database,
        resolution: agreed,
      },
    });
  }

  private contextOf({ deviceId }: UserConflict, nameLimit: NameLimit, performedBy: Actor): DetectionContext {
    return { deviceId, seenAt: this.clock.now(), service: CONFLICT_SERVICE, performedBy, nameLimit };
  }

  private async limitOf({ deviceId, nameLimitBytes }: UserConflict): Promise<NameLimit> {
    return nameLimitOfConflict({ nameLimitBytes }, await this.devices.get(deviceId));
  }
}

function decisionOf({ purposeData }: DeviceWrite): CarriedDecision {
  return purposeData as unknown as CarriedDecision;
}

/** Whoever asked for the write. */
function actorOf({ requestedRole: kind, requestedBy: name }: DeviceWrite): Actor {
  return { kind, name };
}
