import { DeviceUserAuditService } from '@app/audit';
import { DeviceUserBufferService, type Sighting, type SightingTotals } from '@app/buffer';
import { type CompleteUserRead, DeviceGateway, type DeviceUser, type ReadProgress } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { type Actor, AppError, Clock } from '@app/kernel';
import { deviceLockKey, type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SyncRunJournal } from './sync-run.journal.js';
import { SyncFailedError } from './sync-services.errors.js';

/** Who asks for a run, in whose name, and who wants to watch. */
export interface RunRequest {
  /** The service's name in the requirements: `machineSyncService`, … */
  readonly service: string;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Where a run is: waiting for its turn, then what the reader says, then storing. */
export type RunProgress = { readonly stage: 'waiting' | 'connecting' | 'storing' } | ReadProgress;

/** What a run found and did. */
export interface FinishedRun {
  readonly runId: string;
  readonly totals: SightingTotals;
  /** Records that decoded but cannot be a user. */
  readonly invalid: number;
}

/**
 * One run against one device: take the lease, read every user with proof, close the device, store what was seen in
 * one fenced transaction, release. It can only read the terminal: what it holds is a DeviceReader. A read that is not
 * complete leaves the buffer as it was, and a row that says why.
 */
@Injectable()
export class SyncRun {
  private readonly logger = new Logger(SyncRun.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly coordinator: SyncCoordinator,
    private readonly gateway: DeviceGateway,
    private readonly devices: DevicesService,
    private readonly buffer: DeviceUserBufferService,
    private readonly audit: DeviceUserAuditService,
    private readonly journal: SyncRunJournal,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws {SyncFailedError} with the code of what failed: `coordination/lease-busy`, `device/incomplete-read`, …
   */
  async execute(device: Device, request: RunRequest): Promise<FinishedRun> {
    const runId = await this.journal.begin(device.id, request);
    try {
      request.onProgress?.({ stage: 'waiting' });
      return await this.coordinator.withLease(
        deviceLockKey(device.id),
        { service: request.service, signal: request.signal },
        async (lease) => {
          await this.journal.recordLease(runId, device.id, lease);
          const read = await this.readUsers(device, lease, request);
          return this.store(device, runId, lease, read, request);
        },
      );
    } catch (error) {
      await this.noteFailure(device, runId, request, error);
      throw error instanceof AppError ? new SyncFailedError(runId, error) : error;
    }
  }

  /** What a run would do now: takes the lease and reads, but writes nothing and leaves no run behind. */
  async preview(device: Device, request: RunRequest): Promise<Omit<FinishedRun, 'runId'>> {
    return this.coordinator.withLease(
      deviceLockKey(device.id),
      { service: request.service, signal: request.signal },
      async (lease) => {
        const read = await this.readUsers(device, lease, request);
        const totals = await this.dataSource.transaction((tx) =>
          this.buffer.previewSightings(tx, device.id, read.users.map(sightingOf)),
        );
        return { totals, invalid: read.invalid.length };
      },
    );
  }

  /** No transaction is open in here: a device may take its time. */
  private async readUsers(device: Device, lease: Lease, request: RunRequest): Promise<CompleteUserRead> {
    request.onProgress?.({ stage: 'connecting' });
    const signal = request.signal ? AbortSignal.any([lease.signal, request.signal]) : lease.signal;
    await using reader = await this.gateway.openReader(await this.devices.targetOf(device), { signal });
    return await reader.readUsers({ onProgress: request.onProgress });
  }

  private async store(
    device: Device,
    runId: string,
    lease: Lease,
    read: CompleteUserRead,
    request: RunRequest,
  ): Promise<FinishedRun> {
    request.onProgress?.({ stage: 'storing' });
    for (const { slot, reason } of read.invalid) {
      this.logger.warn({ msg: 'user record skipped', device_id: device.id, sync_run_id: runId, slot, reason });
    }
    const seenAt = this.clock.now();
    const { service, actor } = request;
    const totals = await lease.transaction(async (tx) => {
      const context = { deviceId: device.id, seenAt, runId, service, performedBy: actor };
      const counted = await this.buffer.recordSightings(tx, context, read.users.map(sightingOf));
      await this.journal.succeed(tx, runId, counted, read);
      await this.devices.recordCompleteRead(tx, device.id, runId, seenAt);
      await this.audit.logOperation(tx, {
        operation: 'sync_run_finished',
        deviceId: device.id,
        performedBy: actor,
        serviceName: service,
        details: {
          sync_run_id: runId,
          discovered: counted.read,
          mapped: counted.mapped,
          unmapped: counted.unmapped,
          newly_buffered: counted.newlyBuffered,
          invalid: read.invalid.length,
        },
      });
      return counted;
    });
    this.logger.log({
      msg: 'sync run finished',
      device_id: device.id,
      device: device.name,
      sync_run_id: runId,
      ...totals,
    });
    return { runId, totals, invalid: read.invalid.length };
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

/** What the buffer keeps of a user: all that the terminal tells, never the PIN. */
function sightingOf(user: DeviceUser): Sighting {
  const { deviceUserId, slot, name, nameBytes, privilege, cardNumber, groupId, timezoneId, hasPin } = user;
  return { deviceUserId, slot, name, nameBytes, privilege, cardNumber, groupId, timezoneId, hasPin };
}
