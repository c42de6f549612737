import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type DeviceUser } from '@app/device-gateway';
import { DevicesService } from '@app/devices';
import { DeviceWriteService, StaleDeviceUserError, type UserSnapshot, WriteConsequences } from '@app/device-writer';
import { type Actor, AppError, canonicalDeviceUserId, Clock } from '@app/kernel';
import { PersonAttributes } from '@app/people';
import { deviceLockKey, LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFLICT_PURPOSE, CONFLICT_SERVICE, ConflictConsequence, ConflictMovedError } from './conflict-consequence.js';
import { type ConflictDetail, ConflictDetails } from './conflict-detail.js';
import { ConflictDetection } from './conflict-detection.js';
import { type UserConflict } from './conflict.entity.js';
import {
  AlreadyResolvedError,
  ChangedMeanwhileError,
  ConflictNotFoundError,
  StaleDecisionError,
  UserNotMappedError,
} from './conflict.errors.js';
import { ConflictLedger, type DetectionContext, type DetectionTotals } from './conflict.ledger.js';
import { type ConflictFilter, type ConflictPage, ConflictRepository } from './conflict.repository.js';
import { type Finding } from './finding.js';
import { type NameLimit, nameLimitOfConflict } from './name-limit.js';
import { type Decision, planResolution } from './resolution-plan.js';
import { differences, isUnchanged } from './rules.js';
import { databaseVersionOf, deviceVersionOf, type UserVersion } from './user-version.js';

/** A decision on one conflict, and how it is to be carried out. */
export interface ResolutionRequest extends Decision {
  readonly notes?: string;
  /** Whether a name that the device has no room for is shortened; otherwise it is refused. */
  readonly shortenName?: boolean;
  /** The version that was decided on; unset: whatever it is now. */
  readonly version?: string;
  /** The caller knows that users are missing from the terminal, and wants the write all the same. */
  readonly confirmTripped?: boolean;
  readonly signal?: AbortSignal;
}

/** Contradictions between device and database: found by runs, shown, and settled by people alone (requirement 4). */
@Injectable()
export class ConflictResolutionService implements OnModuleInit {
  private readonly logger = new Logger(ConflictResolutionService.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly conflicts: ConflictRepository,
    private readonly detection: ConflictDetection,
    private readonly ledger: ConflictLedger,
    private readonly details: ConflictDetails,
    private readonly consequence: ConflictConsequence,
    private readonly consequences: WriteConsequences,
    private readonly people: PersonAttributes,
    private readonly coordinator: SyncCoordinator,
    private readonly devices: DevicesService,
    private readonly writes: DeviceWriteService,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.consequences.register(this.consequence);
  }

  /**
   * Compares every mapped user of a complete read with the database, in the caller's transaction: opens, updates and
   * closes records, and changes nothing else. Safe to repeat.
   */
  async detectConflicts(tx: Tx, context: DetectionContext, users: readonly DeviceUser[]): Promise<DetectionTotals> {
    return this.detection.detectAll(tx, context, users);
  }

  /** Records one contradiction: a new record, or the open one of this user and type brought up to date. */
  async logConflict(tx: Tx, context: DetectionContext, finding: Finding): Promise<DetectionTotals> {
    await this.conflicts.takeTurn(tx, context.deviceId);
    const open = await this.conflicts.findOpen(tx, context.deviceId, finding.deviceUserId);
    const same = open.filter(({ conflictType }) => conflictType === finding.type);
    return this.ledger.reconcile(tx, context, same, [finding]);
  }

  /** A page of what waits for a decision. @throws {BadCursorError} */
  async getUnresolvedConflicts(
    page: { readonly limit: number; readonly cursor?: string },
    filter: Omit<ConflictFilter, 'resolved'> = {},
  ): Promise<ConflictPage> {
    return this.conflicts.list({ ...filter, resolved: false }, page);
  }

  /** A page of conflicts, settled ones too if they are asked for. @throws {BadCursorError} */
  async listConflicts(
    filter: ConflictFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<ConflictPage> {
    return this.conflicts.list(filter, page);
  }

  /** @throws {ConflictNotFoundError} */
  async getConflict(id: string): Promise<UserConflict> {
    const conflict = await this.conflicts.find(id);
    if (!conflict) throw new ConflictNotFoundError(id);
    return conflict;
  }

  /** A conflict with all that it takes to decide. @throws {ConflictNotFoundError} */
  async describeConflict(id: string): Promise<ConflictDetail> {
    return this.details.of(await this.getConflict(id));
  }

  /**
   * Makes device and database agree as decided, confirms it by reading the user back, and closes the record; all of it or
   * nothing. The administrator, the strategy and the time are audited, and so is a failure.
   * @throws {ConflictNotFoundError} @throws {AlreadyResolvedError} @throws {StaleDecisionError}
   * @throws {ChangedMeanwhileError} device or person are not what was shown; the record shows what is there now
   * @throws {UserNotMappedError} @throws {VainChoiceError} @throws {PinUnknownError} @throws {EmptyValueError}
   * @throws {NoAgreementError} and whatever DeviceWriteService.perform throws; then the conflict is still open
   */
  async resolveConflict(id: string, request: ResolutionRequest, actor: Actor): Promise<UserConflict> {
    const conflict = await this.getConflict(id);
    try {
      await this.carryOut(conflict, request, actor);
      const settled = await this.getConflict(id);
      if (!settled.resolved) throw new ChangedMeanwhileError(settled);
      return settled;
    } catch (error) {
      await this.noteFailure(conflict, request, actor, error);
      throw error;
    }
  }

  private async carryOut(conflict: UserConflict, request: ResolutionRequest, actor: Actor): Promise<void> {
    const { strategy, choices, notes, shortenName, confirmTripped, version, signal } = request;
    if (conflict.resolved) throw new AlreadyResolvedError(conflict);
    if (version !== undefined && version !== conflict.version) throw new StaleDecisionError(version, conflict);
    const device = await this.devices.get(conflict.deviceId);
    const limit = nameLimitOfConflict(conflict, device);
    const mapped = await this.people.findMappedUser(this.dataSource.manager, conflict.deviceId, conflict.deviceUserId);
    if (!mapped) throw new UserNotMappedError(conflict);
    if (!isUnchanged(conflict.databaseData, databaseVersionOf(mapped)))
      throw await this.refresh(conflict, limit, conflict.deviceData, actor);
    const plan = planResolution(conflict, mapped.person, { strategy, choices }, limit);
    if (plan.refusal) throw plan.refusal;
    try {
      await this.writes.perform(device, {
        kind: 'update',
        deviceUserId: canonicalDeviceUserId(conflict.deviceUserId),
        change: plan.change,
        options: { shortenName },
        expected: (found) => isAsShown(conflict, found, limit),
        purpose: CONFLICT_PURPOSE,
        purposeData: {
          conflict_id: conflict.id,
          version: conflict.version,
          strategy,
          notes: notes ?? null,
          ...(choices && { choices }),
        },
        reason: notes,
        actor,
        signal,
        confirmTripped,
      });
    } catch (error) {
      if (error instanceof StaleDeviceUserError)
        throw await this.refresh(conflict, limit, deviceVersionOf(error.found.user), actor);
      if (error instanceof ConflictMovedError) throw await this.refresh(conflict, limit, conflict.deviceData, actor);
      throw error;
    }
  }

  /**
   * Lets the record say what is so now, in turn with the runs; gives the error that tells it. Whoever has the device just
   * then compares anyway.
   */
  private async refresh(
    { id, deviceId, deviceUserId }: UserConflict,
    nameLimit: NameLimit,
    told: UserVersion,
    performedBy: Actor,
  ): Promise<AppError> {
    const context = { deviceId, seenAt: this.clock.now(), service: CONFLICT_SERVICE, performedBy, nameLimit };
    try {
      await this.coordinator.withLease(deviceLockKey(deviceId), { service: CONFLICT_SERVICE }, (lease) =>
        lease.transaction(async (tx) => {
          const mapped = await this.people.lockMappedUser(tx, deviceId, deviceUserId);
          if (mapped) await this.detection.reevaluate(tx, context, mapped, told);
        }),
      );
    } catch (error) {
      if (!(error instanceof LeaseBusyError)) throw error;
    }
    return new ChangedMeanwhileError(await this.getConflict(id));
  }

  /** What went wrong is told to the caller in any case; that it could not be audited is not the caller's trouble. */
  private async noteFailure(
    conflict: UserConflict,
    request: ResolutionRequest,
    actor: Actor,
    error: unknown,
  ): Promise<void> {
    const { id, deviceId, deviceUserId, conflictType, deviceData } = conflict;
    const code = error instanceof AppError ? error.code : 'conflict/unforeseen';
    const reason = error instanceof AppError ? error.message : 'see the log';
    try {
      await this.audit.logOperation(this.dataSource.manager, {
        operation: 'conflict_resolution_failed',
        deviceId,
        deviceUserId,
        deviceUserName: deviceData.name ?? null,
        performedBy: actor,
        serviceName: CONFLICT_SERVICE,
        details: { conflict_id: id, conflict_type: conflictType, strategy: request.strategy, code, reason },
      });
    } catch (auditing) {
      this.logger.error({ msg: 'a failed resolution could not be audited', conflict_id: id, code, err: auditing });
    }
  }
}

/** The user on the device is what was shown, and nothing differs that was not. */
function isAsShown({ deviceData, databaseData }: UserConflict, { user }: UserSnapshot, limit: NameLimit): boolean {
  const found = deviceVersionOf(user);
  const apart = (device: UserVersion): string => differences(device, databaseData, limit).join();
  return isUnchanged(deviceData, found) && apart(found) === apart(deviceData);
}
