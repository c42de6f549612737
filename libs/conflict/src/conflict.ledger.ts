import { DeviceUserAuditService, type NewAuditEntry } from '@app/audit';
import { type Tx } from '@app/database';
import { type Actor } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type UserConflict } from './conflict.entity.js';
import { ConflictRepository } from './conflict.repository.js';
import { type Finding } from './finding.js';
import { type NameLimit } from './name-limit.js';

/** Which device was read, when, and for whom. */
export interface DetectionContext {
  readonly deviceId: string;
  readonly seenAt: Date;
  readonly runId?: string;
  readonly service: string;
  readonly performedBy: Actor;
  /** How much of a name the device can store. */
  readonly nameLimit: NameLimit;
}

/** What a detection changed, in records. */
export interface DetectionTotals {
  readonly detected: number;
  readonly updated: number;
  readonly vanished: number;
  /** Open afterwards, of those that it was about. */
  readonly open: number;
}

const NO_LONGER = 'no longer differs';

/** Keeps one open record for each user and type that contradicts itself, and none for any other; each change is audited. */
@Injectable()
export class ConflictLedger {
  constructor(
    private readonly conflicts: ConflictRepository,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /** Makes `open`, the open records that this is about, say what was found; who is not found any more is closed. */
  async reconcile(
    tx: Tx,
    context: DetectionContext,
    open: readonly UserConflict[],
    found: readonly Finding[],
  ): Promise<DetectionTotals> {
    const { deviceId, seenAt, nameLimit } = context;
    const records = new Map(open.map((conflict) => [keyOf(conflict.conflictType, conflict.deviceUserId), conflict]));
    const recordOf = ({ type, deviceUserId }: Finding): UserConflict | undefined =>
      records.get(keyOf(type, deviceUserId));
    const isFound = new Set(found.map(({ type, deviceUserId }) => keyOf(type, deviceUserId)));
    const fresh = found.filter((finding) => !recordOf(finding));
    const changed = found.filter((finding) => ![finding.version, undefined].includes(recordOf(finding)?.version));
    const vanished = open.filter(({ conflictType, deviceUserId }) => !isFound.has(keyOf(conflictType, deviceUserId)));

    const ids = await this.conflicts.open(tx, { deviceId, seenAt, nameLimitBytes: nameLimit.bytes }, fresh);
    await this.conflicts.update(tx, deviceId, nameLimit.bytes, changed);
    if (vanished.length > 0) await this.closeVanished(tx, context, vanished);
    await this.audit.logOperations(tx, [
      ...fresh.map((finding, i) => entryOf('conflict_detected', context, ids[i], finding)),
      ...changed.map((finding) => entryOf('conflict_updated', context, recordOf(finding)?.id, finding)),
    ]);
    return { detected: fresh.length, updated: changed.length, vanished: vanished.length, open: found.length };
  }

  private async closeVanished(tx: Tx, context: DetectionContext, vanished: readonly UserConflict[]): Promise<void> {
    const ids = vanished.map(({ id }) => id);
    const resolvedBy = context.performedBy.name;
    await this.conflicts.close(tx, ids, { resolvedBy, strategy: null, notes: NO_LONGER, resolution: null });
    await this.audit.logOperations(
      tx,
      vanished.map(({ id, deviceUserId, conflictType, deviceData }) => ({
        operation: 'conflict_vanished',
        deviceId: context.deviceId,
        deviceUserId,
        deviceUserName: deviceData.name ?? null,
        performedBy: context.performedBy,
        serviceName: context.service,
        details: { conflict_id: id, conflict_type: conflictType, notes: NO_LONGER, ...originOf(context) },
      })),
    );
  }
}

function entryOf(
  operation: 'conflict_detected' | 'conflict_updated',
  context: DetectionContext,
  id: string | undefined,
  finding: Finding,
): NewAuditEntry {
  const { deviceUserId, type, device, database, differing, claims, personId, personType } = finding;
  const person = { person_id: personId, person_type: personType };
  const versions = { device, database, differing, ...(claims.length > 0 ? { claims } : {}) };
  return {
    operation,
    deviceId: context.deviceId,
    deviceUserId,
    deviceUserName: device.name ?? null,
    performedBy: context.performedBy,
    serviceName: context.service,
    details: { conflict_id: id, conflict_type: type, ...person, ...versions, ...originOf(context) },
  };
}

function originOf({ runId }: DetectionContext): { sync_run_id?: string } {
  return runId === undefined ? {} : { sync_run_id: runId };
}

function keyOf(type: string, deviceUserId: string): string {
  return `${type} ${deviceUserId}`;
}
