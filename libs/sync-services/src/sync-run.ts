import { DeviceUserBufferService, sightingOf, type SightingTotals } from '@app/buffer';
import { ConflictDetection, nameLimitOf } from '@app/conflict';
import { type Tx } from '@app/database';
import { DeviceError } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { snakeCased } from '@app/http';
import { Clock } from '@app/kernel';
import { DeviceWatch } from '@app/monitoring';
import { PunchesService } from '@app/punches';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type FinishedRun, type RunRequest } from './run.js';
import { RunFrame, type RunUnderway } from './run-frame.js';
import { type TerminalReading, TerminalReadings } from './terminal-reading.js';

/** A clock that is further off than this is told as a warning, and once more when it moves by as much. */
const NOTABLE_DRIFT_SECONDS = 60;

/** What a run would store: who would be counted as what. */
export interface RunPreview {
  readonly totals: SightingTotals;
  /** Records that decoded but cannot be a user. */
  readonly invalid: number;
  /** The terminal's own count: the users read and the invalid records. */
  readonly counted: number;
}

/**
 * One run against one terminal: take the lease, read every user and the punch log with proof, close the device, store
 * what was seen in one fenced transaction, release. It can only read the terminal: what it holds is a DeviceReader. A
 * read of the users that is not complete leaves everything as it was, and a row that says why.
 */
@Injectable()
export class SyncRun {
  private readonly logger = new Logger(SyncRun.name);

  constructor(
    private readonly frame: RunFrame,
    private readonly dataSource: DataSource,
    private readonly coordinator: SyncCoordinator,
    private readonly terminals: TerminalReadings,
    private readonly devices: DevicesService,
    private readonly buffer: DeviceUserBufferService,
    private readonly conflicts: ConflictDetection,
    private readonly watch: DeviceWatch,
    private readonly punches: PunchesService,
    private readonly clock: Clock,
  ) {}

  /** @throws {SyncFailedError} @throws {RunSupersededError} as RunFrame.run */
  async execute(device: Device, request: RunRequest): Promise<FinishedRun> {
    return this.frame.run(device, request, async (run) => {
      request.onProgress?.({ stage: 'connecting' });
      const reading = await this.terminals.read(device, { ...request, signal: run.signal });
      request.onProgress?.({ stage: 'storing' });
      const finished = await this.store(run, reading);
      this.tell(device, reading, finished);
      return finished;
    });
  }

  /** What a run would do now: takes the lease and reads, but writes nothing and leaves no run behind. */
  async preview(device: Device, request: RunRequest): Promise<RunPreview> {
    return this.coordinator.withLease(deviceLockKey(device.id), request, async (lease) => {
      request.onProgress?.({ stage: 'connecting' });
      const signal = request.signal ? AbortSignal.any([lease.signal, request.signal]) : lease.signal;
      const read = await this.terminals.readUsers(device, { ...request, signal });
      const totals = await this.dataSource.transaction((tx) =>
        this.buffer.previewSightings(tx, device.id, read.users.map(sightingOf)),
      );
      return { totals, invalid: read.invalid.length, counted: read.proof.counterAfter };
    });
  }

  /** Everything that the terminal showed, in one fenced transaction: all of it is there, or nothing. */
  private async store(run: RunUnderway, reading: TerminalReading): Promise<FinishedRun> {
    const { runId, device, lease } = run;
    const { service, actor: performedBy } = run.request;
    const { clock, counters } = reading;
    const { read: users } = reading.users;
    const seenAt = this.clock.now();
    return lease.transaction(async (tx) => {
      const context = { deviceId: device.id, seenAt, runId, service, performedBy };
      const totals = await this.buffer.recordSightings(tx, context, users.users.map(sightingOf));
      await this.buffer.noteDetailsRead(tx, context, users.detailsAsked);
      const nameLimit = nameLimitOf(device, users.proof.recordWidthBytes);
      await this.conflicts.detectAll(tx, { ...context, nameLimit }, users.users);
      await this.devices.recordCompleteRead(tx, device.id, runId, seenAt);
      const clockDriftSeconds = clock && (await this.devices.recordClock(tx, device, clock));
      const seen = { seenAt, startedAt: run.startedAt, leaseToken: lease.token, clockDriftSeconds, counters };
      const watched = await this.watch.recordRead(tx, device, reading.users, seen);
      const punches = await this.importPunches(tx, run, reading);
      const found = { invalid: users.invalid.length, counted: users.proof.counterAfter, clockDriftSeconds, watched };
      const finished = { runId, totals, ...found, ...punches };
      await this.frame.noteSuccess(tx, run, finished, users.proof);
      return finished;
    });
  }

  private async importPunches(
    tx: Tx,
    { runId, device }: RunUnderway,
    { punches }: TerminalReading,
  ): Promise<Pick<FinishedRun, 'punches' | 'punchFailure' | 'punchesHandedOver'>> {
    const context = { deviceId: device.id, runId, timeZone: this.devices.timeZoneOf(device) };
    const log = punches instanceof DeviceError ? undefined : await this.punches.importLog(tx, context, punches);
    // After the log, so that what both tell counts as read from the log.
    const { imported: punchesHandedOver } = await this.punches.importHandedOver(tx, context);
    return { punches: log, punchFailure: punches instanceof DeviceError ? punches : undefined, punchesHandedOver };
  }

  private tell(device: Device, { users: { read: users } }: TerminalReading, finished: FinishedRun): void {
    const { runId, totals, punches, punchFailure, clockDriftSeconds } = finished;
    const about = { device_id: device.id, device: device.name, sync_run_id: runId };
    const handedOver = finished.punchesHandedOver ? { punches_handed_over: finished.punchesHandedOver } : {};
    const imported = { punches_read: punches?.read, punches_imported: punches?.imported, ...handedOver };
    this.logger.log({ msg: 'sync run finished', ...about, ...snakeCased(totals), ...imported });
    if (finished.watched) this.watch.tell(device, finished.watched);
    for (const { slot, reason } of users.invalid)
      this.logger.warn({ msg: 'user record skipped', ...about, slot, reason });
    if (punchFailure) {
      const { code, message: reason } = punchFailure;
      this.logger.warn({ msg: 'punches were not imported; the next run tries again', ...about, code, reason });
    }
    if (isNewlyWrong(device.clockDriftSeconds, clockDriftSeconds)) {
      this.logger.warn({ msg: 'the clock of the terminal is wrong', ...about, drift_seconds: clockDriftSeconds });
    }
  }
}

/** Whether a clock is off by an amount that was not told of a run ago. */
function isNewlyWrong(before: number | null, now: number | undefined): boolean {
  const isNotable = (seconds: number | null | undefined): boolean => Math.abs(seconds ?? 0) > NOTABLE_DRIFT_SECONDS;
  return isNotable(now) && (!isNotable(before) || isNotable((now ?? 0) - (before ?? 0)));
}
