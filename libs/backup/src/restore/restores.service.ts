import { DeviceUserAuditService } from '@app/audit';
import { type Device, DevicesService } from '@app/devices';
import { TerminalCopies } from '@app/device-writer';
import { type Actor, AppError, BackgroundWork, type DeviceUserId } from '@app/kernel';
import { type Incident, IncidentsService, TerminalTrippedError, UserPoll } from '@app/monitoring';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BACKUP_SERVICE } from '../backup-run.js';
import { BackupCatalogue, type BackupOfUser } from '../backup-catalogue.js';
import { type Restore, type RestoreOrigin } from '../backup.entities.js';
import { NothingToRestoreError, RestoreSettledError, StalePlanError } from './restore.errors.js';
import { countPlan, type RestorePlan, type RestoreSelection, type RestoreSource } from './restore-plan.js';
import { RestorePlanner } from './restore-planner.js';
import { RestoreRepository, type RestoreTally } from './restore.repository.js';
import { type ApplyOptions, type RestoreProgress, RestoreRunner } from './restore-runner.js';

/** What is to be restored, where to, and for whom. */
export interface PlanRequest extends RestoreSelection {
  readonly device: Device;
  readonly sources: readonly RestoreSource[];
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

/** A plan that is to be stored. */
export interface StoredPlanRequest extends PlanRequest {
  readonly origin: RestoreOrigin;
  readonly incidentId?: string;
  readonly reason?: string;
}

/** A restore and how far it is. */
export interface RestoreReport {
  readonly restore: Restore;
  readonly tally: RestoreTally;
}

/** Who of an incident can be brought back from which backups. */
export interface IncidentHoldings {
  readonly incident: Incident;
  readonly device: Device;
  readonly holdings: readonly BackupOfUser[];
  /** Missing, and in no usable backup. */
  readonly withoutBackup: readonly DeviceUserId[];
}

/** Brings people back: plans, shows, applies. */
@Injectable()
export class Restores implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Restores.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly dataSource: DataSource,
    private readonly copies: TerminalCopies,
    private readonly planner: RestorePlanner,
    private readonly restores: RestoreRepository,
    private readonly runner: RestoreRunner,
    private readonly catalogue: BackupCatalogue,
    private readonly incidents: IncidentsService,
    private readonly devices: DevicesService,
    private readonly polls: UserPoll,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Works out what a restore would do, and writes nothing but that somebody asked.
   * @throws {LeaseBusyError} {DeviceError} {OtherProtocolError} and as opening a backup
   */
  async preview(request: PlanRequest): Promise<RestorePlan> {
    const plan = await this.makePlan(request);
    await this.dataSource.transaction((tx) => this.tellPlanned(tx, plan, request.actor, { dry_run: true }));
    return plan;
  }

  /** As preview, and keeps the plan, to be looked at and applied. */
  async plan(request: StoredPlanRequest): Promise<RestoreReport> {
    return this.keep(await this.makePlan(request), request);
  }

  /**
   * Marks a stored plan as running; `goOn` carries it out.
   * @throws {RestoreNotFoundError} {RestoreSettledError} {TerminalTrippedError}
   */
  async begin(
    id: string,
    { actor, confirmTripped = false }: { readonly actor: Actor; readonly confirmTripped?: boolean },
  ): Promise<Restore> {
    const planned = await this.restores.get(id);
    await this.refuseTripped(planned, confirmTripped);
    await this.dataSource.transaction(async (tx) => {
      if (!(await this.restores.begin(tx, id, confirmTripped)))
        throw new RestoreSettledError(await this.restores.get(id));
      await this.audit.logOperation(tx, {
        operation: 'restore_started',
        deviceId: planned.deviceId,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { restore_id: id, confirm_tripped: confirmTripped },
      });
    });
    return this.restores.get(id);
  }

  /**
   * Carries out a stored plan, if the terminal still is as it was planned for. Can be gone on with after a crash.
   * @throws {RestoreNotFoundError} {RestoreSettledError} {StalePlanError} {TerminalTrippedError}
   * @throws {LeaseBusyError} {DeviceError} the restore goes on by itself when the terminal can be used
   */
  async apply(
    id: string,
    options: ApplyOptions & { readonly actor: Actor; readonly confirmTripped?: boolean },
  ): Promise<RestoreReport> {
    return this.goOn(await this.begin(id, options), options);
  }

  /** Plans and applies in one go. @param stateHash of a preview: any other state of the terminal is refused */
  async restoreNow(
    request: StoredPlanRequest & { readonly stateHash?: string; readonly confirmTripped?: boolean } & ApplyOptions,
  ): Promise<RestoreReport> {
    const plan = await this.makePlan(request);
    if (request.stateHash !== undefined && request.stateHash !== plan.stateHash)
      throw new StalePlanError(request.device.name);
    const { restore } = await this.keep(plan, request);
    return this.apply(restore.id, request);
  }

  /** Goes on with a restore that is running, in this process. @throws as apply */
  async goOn(restore: Restore, options: ApplyOptions = {}): Promise<RestoreReport> {
    const tally = await this.background.run((stopping) => {
      const signal = options.signal ? AbortSignal.any([options.signal, stopping]) : stopping;
      return this.runner.run(restore, { ...options, signal });
    });
    await this.look(restore.deviceId);
    return { restore: await this.restores.get(restore.id), tally };
  }

  /** Ends a plan, or a restore between two parts; who was brought back stays. @throws {RestoreSettledError} */
  async cancel(id: string, actor: Actor): Promise<RestoreReport> {
    const restore = await this.restores.get(id);
    await this.dataSource.transaction(async (tx) => {
      const ended = await this.restores.finish(tx, id, 'cancelled', `by ${actor.name}`);
      if (!ended) throw new RestoreSettledError(restore);
      await this.audit.logOperation(tx, {
        operation: 'restore_cancelled',
        deviceId: restore.deviceId,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { restore_id: id },
      });
    });
    return this.describe(id);
  }

  /** @throws {RestoreNotFoundError} */
  async describe(id: string): Promise<RestoreReport> {
    return { restore: await this.restores.get(id), tally: await this.restores.tally(id) };
  }

  /** Who of an incident can be brought back, and from what. @throws {IncidentNotFoundError} */
  async holdingsOf(incidentId: string): Promise<IncidentHoldings> {
    const { incident, device, users } = await this.incidents.describe(incidentId);
    const missing = users.filter(({ state }) => state === 'missing').map(({ deviceUserId }) => deviceUserId);
    const holdings = await this.catalogue.findNewestHolding(device.id, missing);
    const held = new Set(holdings.flatMap(({ deviceUserIds }) => deviceUserIds));
    return { incident, device, holdings, withoutBackup: missing.filter((id) => !held.has(id)) };
  }

  /**
   * What it takes to bring back just those whom an incident misses: from the newest good backup that holds each of them.
   * @throws {IncidentNotFoundError} {NothingToRestoreError}
   */
  async requestFor(incidentId: string, actor: Actor): Promise<StoredPlanRequest> {
    const { incident, device, holdings, withoutBackup } = await this.holdingsOf(incidentId);
    if (holdings.length === 0) throw new NothingToRestoreError(incidentId, withoutBackup.length);
    return {
      device,
      sources: holdings,
      deviceUserIds: [...holdings.flatMap(({ deviceUserIds }) => deviceUserIds), ...withoutBackup],
      onlyMissing: true,
      origin: 'incident',
      incidentId: incident.id,
      reason: `incident ${incident.id}`,
      actor,
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async makePlan({ device, sources, signal, onProgress, ...selection }: PlanRequest): Promise<RestorePlan> {
    await using copy = await this.copies.copy(device, { service: BACKUP_SERVICE, signal, onProgress });
    return await this.planner.plan(device, sources, selection, copy);
  }

  private async keep(plan: RestorePlan, request: StoredPlanRequest): Promise<RestoreReport> {
    const { origin, incidentId = null, reason = null, actor } = request;
    const restore = await this.dataSource.transaction(async (tx) => {
      const stored = await this.restores.store(tx, plan, { origin, incidentId, reason, actor, confirmTripped: false });
      await this.tellPlanned(tx, plan, actor, { restore_id: stored.id, incident_id: incidentId });
      return stored;
    });
    return this.describe(restore.id);
  }

  private async tellPlanned(
    tx: Parameters<DeviceUserAuditService['logOperation']>[0],
    plan: RestorePlan,
    actor: Actor,
    about: Record<string, unknown>,
  ): Promise<void> {
    const { create, update, unchanged, refused } = countPlan(plan.users);
    await this.audit.logOperation(tx, {
      operation: 'restore_planned',
      deviceId: plan.device.id,
      performedBy: actor,
      serviceName: BACKUP_SERVICE,
      details: {
        ...about,
        backups: plan.sources.map(({ backup }) => backup.filename),
        create,
        update,
        unchanged,
        refused,
        state_hash: plan.stateHash,
      },
    });
  }

  /** Said before anything is read or written, and again by each write. @throws {TerminalTrippedError} */
  private async refuseTripped({ deviceId }: Restore, confirmTripped: boolean): Promise<void> {
    if (confirmTripped) return;
    const { items } = await this.incidents.list({ deviceId, state: 'open' }, { limit: 1 });
    const [open] = items;
    if (open && open.level !== 'notice') throw new TerminalTrippedError(await this.devices.get(deviceId), open);
  }

  /** The watch sees at once who is back; if it cannot, its next poll does. */
  private async look(deviceId: string): Promise<void> {
    try {
      await this.polls.execute(await this.devices.get(deviceId), { actor: { kind: 'system', name: 'system' } });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.logger.log({ msg: 'the terminal is looked at by its next poll', device_id: deviceId, code: error.code });
    }
  }
}
