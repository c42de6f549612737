import { DeviceUserAuditService, type NewAuditEntry } from '@app/audit';
import { DeviceUserBufferService, type Sighting, type SightingTotals } from '@app/buffer';
import { type Tx } from '@app/database';
import { DeviceError, type DeviceUser, type ReadProgress } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { type Actor, AppError, Clock } from '@app/kernel';
import { type ImportTotals, PunchesService } from '@app/punches';
import { deviceLockKey, type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SyncRunJournal } from './sync-run.journal.js';
import { RunSupersededError, SyncFailedError } from './sync-services.errors.js';
import { type TerminalReading, TerminalReadings } from './terminal-reading.js';

/** A clock that is further off than this is told as a warning. */
const NOTABLE_DRIFT_SECONDS = 60;

/** Who asks for a run, in whose name, and who wants to watch. */
export interface RunRequest {
  /** The service's name in the requirements: `machineSyncService`, … */
  readonly service: string;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  /** Told the run's number before anything else happens. */
  readonly onStarted?: (runId: string) => void;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Asked once the lease is held: false, and the run leaves no trace, since another server has done its work. */
  readonly stillWanted?: () => Promise<boolean>;
}

/**
 * Where a run is: waiting for its turn, then what the reader says, then storing. `elsewhere`: another server runs it, and
 * how far it is cannot be seen from here.
 */
export type RunProgress = { readonly stage: 'waiting' | 'connecting' | 'storing' | 'elsewhere' } | ReadProgress;

/** What a run found and did. */
export interface FinishedRun {
  readonly runId: string;
  readonly totals: SightingTotals;
  /** Records that decoded but cannot be a user. */
  readonly invalid: number;
  /** Undefined: the log could not be read with proof, and `punchFailure` says why. */
  readonly punches?: ImportTotals;
  readonly punchFailure?: DeviceError;
  /** By how much the terminal's clock is ahead of ours; negative: behind. */
  readonly clockDriftSeconds?: number;
}

/** What is counted without being stored. */
export type RunPreview = Pick<FinishedRun, 'totals' | 'invalid'>;

/**
 * One run against one device: take the lease, read every user and the punch log with proof, close the device, store
 * what was seen in one fenced transaction, release. It can only read the terminal: what it holds is a DeviceReader. A
 * read of the users that is not complete leaves everything as it was, and a row that says why.
 */
@Injectable()
export class SyncRun {
  private readonly logger = new Logger(SyncRun.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly coordinator: SyncCoordinator,
    private readonly terminals: TerminalReadings,
    private readonly devices: DevicesService,
    private readonly buffer: DeviceUserBufferService,
    private readonly punches: PunchesService,
    private readonly audit: DeviceUserAuditService,
    private readonly journal: SyncRunJournal,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws {SyncFailedError} with the code of what failed: `coordination/lease-busy`, `device/incomplete-read`, …
   * @throws {RunSupersededError} it was not wanted any more when its turn came
   */
  async execute(device: Device, request: RunRequest): Promise<FinishedRun> {
    const runId = await this.journal.begin(device.id, request);
    request.onStarted?.(runId);
    try {
      request.onProgress?.({ stage: 'waiting' });
      return await this.coordinator.withLease(
        deviceLockKey(device.id),
        { service: request.service, signal: request.signal },
        async (lease) => {
          await this.journal.recordLease(runId, device.id, lease);
          if (request.stillWanted && !(await request.stillWanted())) throw new RunSupersededError();
          request.onProgress?.({ stage: 'connecting' });
          const reading = await this.terminals.read(device, { ...request, signal: endOf(lease, request) });
          return this.store(device, runId, lease, reading, request);
        },
      );
    } catch (error) {
      if (error instanceof RunSupersededError) {
        await this.journal.withdraw(runId);
        throw error;
      }
      await this.noteFailure(device, runId, request, error);
      throw error instanceof AppError ? new SyncFailedError(runId, error) : error;
    }
  }

  /** What a run would do now: takes the lease and reads, but writes nothing and leaves no run behind. */
  async preview(device: Device, request: RunRequest): Promise<RunPreview> {
    return this.coordinator.withLease(
      deviceLockKey(device.id),
      { service: request.service, signal: request.signal },
      async (lease) => {
        request.onProgress?.({ stage: 'connecting' });
        const read = await this.terminals.readUsers(device, { ...request, signal: endOf(lease, request) });
        const totals = await this.dataSource.transaction((tx) =>
          this.buffer.previewSightings(tx, device.id, read.users.map(sightingOf)),
        );
        return { totals, invalid: read.invalid.length };
      },
    );
  }

  private async store(
    device: Device,
    runId: string,
    lease: Lease,
    reading: TerminalReading,
    request: RunRequest,
  ): Promise<FinishedRun> {
    request.onProgress?.({ stage: 'storing' });
    const { users } = reading;
    for (const { slot, reason } of users.invalid) {
      this.logger.warn({ msg: 'user record skipped', device_id: device.id, sync_run_id: runId, slot, reason });
    }
    const seenAt = this.clock.now();
    const { service, actor } = request;
    const finished = await lease.transaction(async (tx): Promise<FinishedRun> => {
      const context = { deviceId: device.id, seenAt, runId, service, performedBy: actor };
      const totals = await this.buffer.recordSightings(tx, context, users.users.map(sightingOf));
      await this.devices.recordCompleteRead(tx, device.id, runId, seenAt);
      const clockDriftSeconds = reading.clock && (await this.devices.recordClock(tx, device, reading.clock));
      const punches = await this.importPunches(tx, device, runId, reading);
      const run: FinishedRun = { runId, totals, invalid: users.invalid.length, clockDriftSeconds, ...punches };
      await this.journal.succeed(tx, run, users.proof);
      await this.audit.logOperation(tx, finishedEntry(device, run, request));
      return run;
    });
    this.tell(device, finished);
    return finished;
  }

  private async importPunches(
    tx: Tx,
    device: Device,
    runId: string,
    { punches }: TerminalReading,
  ): Promise<Pick<FinishedRun, 'punches' | 'punchFailure'>> {
    if (punches instanceof DeviceError) return { punchFailure: punches };
    const context = { deviceId: device.id, runId, timeZone: this.devices.timeZoneOf(device) };
    return { punches: await this.punches.importLog(tx, context, punches) };
  }

  private tell(device: Device, { runId, totals, punches, punchFailure, clockDriftSeconds }: FinishedRun): void {
    const about = { device_id: device.id, device: device.name, sync_run_id: runId };
    const imported = { punches_read: punches?.read, punches_imported: punches?.imported };
    this.logger.log({ msg: 'sync run finished', ...about, ...totals, ...imported });
    if (punchFailure) {
      const { code, message: reason } = punchFailure;
      this.logger.warn({ msg: 'punches were not imported; the next run tries again', ...about, code, reason });
    }
    if (clockDriftSeconds !== undefined && Math.abs(clockDriftSeconds) > NOTABLE_DRIFT_SECONDS) {
      this.logger.warn({ msg: 'the clock of the terminal is wrong', ...about, drift_seconds: clockDriftSeconds });
    }
  }

  /** The story of a failed run. If not even that can be stored, the log keeps it and the first error is the one told. */
  private async noteFailure(device: Device, runId: string, request: RunRequest, error: unknown): Promise<void> {
    const code = error instanceof AppError ? error.code : 'sync/unforeseen';
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn({
      msg: 'sync run failed',
      device_id: device.id,
      device: device.name,
      sync_run_id: runId,
      code,
      reason,
    });
    try {
      await this.dataSource.transaction(async (tx) => {
        await this.journal.fail(tx, runId, error);
        await this.audit.logOperation(tx, {
          operation: 'sync_run_failed',
          deviceId: device.id,
          performedBy: request.actor,
          serviceName: request.service,
          details: { sync_run_id: runId, code, reason },
        });
      });
    } catch (storing) {
      this.logger.error({ msg: 'a failed sync run could not be recorded', sync_run_id: runId, err: storing });
    }
  }
}

/** The work at the terminal ends when the lease does, or when nobody wants it any more. */
function endOf(lease: Lease, { signal }: RunRequest): AbortSignal {
  return signal ? AbortSignal.any([lease.signal, signal]) : lease.signal;
}

function finishedEntry(device: Device, run: FinishedRun, { actor, service }: RunRequest): NewAuditEntry {
  const { totals, punches, punchFailure } = run;
  return {
    operation: 'sync_run_finished',
    deviceId: device.id,
    performedBy: actor,
    serviceName: service,
    details: {
      sync_run_id: run.runId,
      discovered: totals.read,
      mapped: totals.mapped,
      unmapped: totals.unmapped,
      newly_buffered: totals.newlyBuffered,
      invalid: run.invalid,
      punches_read: punches?.read ?? null,
      punches_imported: punches?.imported ?? null,
      punch_error: punchFailure?.code ?? null,
      clock_drift_seconds: run.clockDriftSeconds ?? null,
    },
  };
}

/** What the buffer keeps of a user: all that the terminal tells, never the PIN. */
function sightingOf(user: DeviceUser): Sighting {
  const { deviceUserId, slot, name, nameBytes, privilege, cardNumber, groupId, timezoneId, hasPin } = user;
  return { deviceUserId, slot, name, nameBytes, privilege, cardNumber, groupId, timezoneId, hasPin };
}
