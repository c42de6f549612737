import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Device, SwappedTerminals } from '@app/devices';
import { DeviceError } from '@app/device-gateway';
import { snakeCased } from '@app/http';
import { AppError, Clock } from '@app/kernel';
import { DeviceWatch } from '@app/monitoring';
import { deviceLockKey, type Lease, LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type RunFindings, type RunRequest } from './run.js';
import { RunCounts } from './run-counts.js';
import { outcomeOf, SyncRunJournal } from './sync-run.journal.js';
import { RunSupersededError, SyncFailedError } from './sync-services.errors.js';

/** A run that has its lease. */
export interface RunUnderway {
  readonly runId: string;
  readonly device: Device;
  readonly request: RunRequest;
  readonly lease: Lease;
  /** When it had its turn. */
  readonly startedAt: Date;
  /** Fires when the lease ends, or when nobody wants the run any more. */
  readonly signal: AbortSignal;
}

/** The frame of every run, whatever it reads: its row, the lease of its device, and the story of how it ended. */
@Injectable()
export class RunFrame {
  private readonly logger = new Logger(RunFrame.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly coordinator: SyncCoordinator,
    private readonly journal: SyncRunJournal,
    private readonly swapped: SwappedTerminals,
    private readonly watch: DeviceWatch,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
    private readonly counts: RunCounts,
  ) {}

  /**
   * From lease request to lease release. `work` stores through the lease, and notes its success in the same transaction.
   * @throws {SyncFailedError} with the code of what failed: `coordination/lease-busy`, `device/incomplete-read`, …
   * @throws {RunSupersededError} it was not wanted any more when its turn came
   */
  async run<T>(device: Device, request: RunRequest, work: (run: RunUnderway) => Promise<T>): Promise<T> {
    const runId = await this.journal.begin(device.id, request);
    request.onStarted?.(runId);
    try {
      request.onProgress?.({ stage: 'waiting' });
      const result = await this.coordinator.withLease(deviceLockKey(device.id), request, async (lease) => {
        await this.journal.recordLease(runId, device.id, lease);
        if (request.stillWanted && !(await request.stillWanted())) throw new RunSupersededError();
        const signal = request.signal ? AbortSignal.any([lease.signal, request.signal]) : lease.signal;
        return work({ runId, device, request, lease, signal, startedAt: this.clock.now() });
      });
      this.counts.noteEnd(request.service, 'succeeded');
      return result;
    } catch (error) {
      if (error instanceof RunSupersededError || (await isTakenByPeer(request, error))) {
        await this.journal.withdraw(runId);
        throw new RunSupersededError();
      }
      await this.noteFailure(runId, device, request, error);
      throw error instanceof AppError ? new SyncFailedError(runId, error) : error;
    }
  }

  /** Ends the run's row and tells the audit log, in the transaction that stores what the run found. */
  async noteSuccess(tx: Tx, { device, request }: RunUnderway, run: RunFindings, proof: object): Promise<void> {
    await this.journal.succeed(tx, run, proof);
    const { totals, punches, punchFailure } = run;
    this.counts.notePunches((punches?.imported ?? 0) + (run.punchesHandedOver ?? 0));
    await this.audit.logOperation(tx, {
      operation: 'sync_run_finished',
      deviceId: device.id,
      performedBy: request.actor,
      serviceName: request.service,
      details: {
        sync_run_id: run.runId,
        discovered: totals?.read ?? null,
        mapped: totals?.mapped ?? null,
        unmapped: totals?.unmapped ?? null,
        newly_buffered: totals?.newlyBuffered ?? null,
        invalid: run.invalid ?? null,
        punches_read: punches?.read ?? null,
        punches_imported: punches?.imported ?? null,
        punches_handed_over: run.punchesHandedOver ?? null,
        punch_error: punchFailure?.code ?? null,
        clock_drift_seconds: run.clockDriftSeconds ?? null,
        proof: snakeCased(proof),
      },
    });
  }

  /** The story of a failed run. If not even that can be stored, the log keeps it and the first error is the one told. */
  private async noteFailure(runId: string, device: Device, request: RunRequest, error: unknown): Promise<void> {
    const code = error instanceof AppError ? error.code : 'sync/unforeseen';
    const reason = error instanceof Error ? error.message : String(error);
    const about = { device_id: device.id, device: device.name, sync_run_id: runId };
    const stopped = request.signal?.aborted ?? false;
    this.counts.noteEnd(request.service, stopped ? 'abandoned' : outcomeOf(error));
    const facts = { ...about, service: request.service, code, reason };
    if (stopped) this.logger.log({ msg: 'sync run stopped before its end', ...facts });
    else if (error instanceof LeaseBusyError) this.logger.log({ msg: 'sync run gave up waiting', ...facts });
    else this.logger.warn({ msg: 'sync run failed', ...facts });
    try {
      await this.dataSource.transaction(async (tx) => {
        await this.journal.fail(tx, runId, error, { stopped });
        const stranger = strangerIn(error);
        if (stranger !== undefined) await this.swapped.quarantine(tx, device, stranger);
        if (error instanceof DeviceError && !stopped)
          await this.watch.recordFailure(tx, device, error, this.clock.now());
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

/** Whether a run that nobody insists on waited in vain because the same service is at the device on another server, or was. */
async function isTakenByPeer({ service, stillWanted }: RunRequest, error: unknown): Promise<boolean> {
  if (stillWanted === undefined || !(error instanceof LeaseBusyError)) return false;
  return error.holder?.startsWith(`${service}@`) === true || !(await stillWanted());
}

/** The serial number of a terminal that answered for the registered one. */
function strangerIn(error: unknown): string | undefined {
  if (!(error instanceof DeviceError) || error.code !== 'device/serial-mismatch') return undefined;
  const { serialNumber } = error.details;
  return typeof serialNumber === 'string' ? serialNumber : undefined;
}
