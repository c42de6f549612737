import { type Device } from '@app/devices';
import { AbortedError, AppError, BackgroundWork, Clock } from '@app/kernel';
import { deviceLockKey, type Lease, LeaseLostError, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type DeviceWrite } from './device-write.entity.js';
import { DEVICE_WRITER_SERVICE, DeviceWriteJournal } from './device-write.journal.js';
import { type DeviceWriter } from './device-writer.js';
import {
  StaleDeviceUserError,
  WriteNotDoneError,
  WriteUndeterminedError,
  WriteUnsettledError,
} from './device-writer.errors.js';
import { OpenWrites } from './open-writes.service.js';
import { type UserSnapshot } from './user-snapshot.js';
import { WriteConditions } from './write-condition.js';
import { WriteConsequences } from './write-consequence.js';
import { WriteObserver } from './write-observer.js';
import { WritePlanner } from './write-planner.js';
import { depthOf, type FinishedWrite, type WriteImages, type WriteRequest } from './write-request.js';
import { compare, type Finding, mayHaveArrived, verdictOf, WriteSettlement } from './write-settlement.js';
import { WRITER_OPTIONS, type WriterOptions } from './writer-options.js';
import { type WriterSession } from './writer-session.js';
import { WriterSessions } from './writer-sessions.js';

/** A write whose intent is stored. */
interface WriteUnderway {
  readonly write: DeviceWrite;
  readonly images: WriteImages;
  readonly lease: Lease;
  readonly session: WriterSession;
}

/** What the terminal holds after a write, and what went wrong on the way, if anything did. */
interface Outcome {
  readonly finding: Finding;
  readonly found: UserSnapshot | undefined;
  readonly trouble: unknown;
}

/** The one way to change a user on a terminal. Its story is told here, from top to bottom. */
@Injectable()
export class DeviceWriteService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(DeviceWriteService.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly sessions: WriterSessions,
    private readonly openWrites: OpenWrites,
    private readonly planner: WritePlanner,
    private readonly journal: DeviceWriteJournal,
    private readonly settlement: WriteSettlement,
    private readonly consequences: WriteConsequences,
    private readonly conditions: WriteConditions,
    private readonly observer: WriteObserver,
    private readonly clock: Clock,
    @Inject(WRITER_OPTIONS) private readonly options: WriterOptions,
  ) {}

  /**
   * Changes one user and proves it: lease, what was left open, read, plan, intent, send, read back, settle.
   * Nothing was sent when it throws
   * @throws {LeaseBusyError} {WritePendingError} {DeviceUserAbsentError} {DeviceUserPresentError} {StaleDeviceUserError}
   * @throws {UnwritableValueError} {DeviceError} {UnknownPurposeError} {AbortedError} or whatever a condition or
   * `beforeIntent` throws.
   *
   * Afterwards the intent is stored, and the write comes to its end or is settled later:
   * @throws {WriteNotDoneError} the user is as before
   * @throws {WriteUnsettledError} the terminal could not be read back, or the end could not be stored
   * @throws {WriteUndeterminedError} the user is neither as before nor as wanted
   */
  async perform(device: Device, request: WriteRequest): Promise<FinishedWrite> {
    this.consequences.get(request.purpose);
    return this.background.run((stopping) => {
      const signal = request.signal ? AbortSignal.any([request.signal, stopping]) : stopping;
      const wanted = { service: DEVICE_WRITER_SERVICE, signal };
      return this.coordinator.withLease(deviceLockKey(device.id), wanted, async (lease) => {
        await this.observer.reached('leased');
        // What the holder before sent last may still be on its way: it must have arrived before the user is read.
        await lease.readyToWrite(this.clock, this.options.sendMs);
        await using session = this.sessions.begin(device, lease);
        await this.openWrites.settleUnder(lease, device, session);
        await this.journal.refusePending(device.id, request.deviceUserId);
        const images = await this.planner.plan(session, request);
        await this.observer.reached('read');
        if (signal.aborted) throw new AbortedError(signal.reason);
        const write = await this.intend(lease, device, request, images);
        await this.observer.reached('intended');
        return await this.carryOut({ write, images, lease, session }); // the session must outlive it
      });
    });
  }

  /** A write under way is told to its end before the server stops. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  /** Intent and audit entry, or nothing; then nothing is sent either. */
  private async intend(lease: Lease, device: Device, request: WriteRequest, images: WriteImages): Promise<DeviceWrite> {
    const draft = await this.journal.draft(device, lease, request, images);
    return lease.transaction(async (tx) => {
      await this.conditions.requireAll(tx, device, request);
      await request.beforeIntent?.(tx);
      const write = await this.journal.open(tx, draft);
      await this.consequences.get(write.purpose).prepare(tx, write, images);
      return write;
    });
  }

  /** From the stored intent to its end. Whatever goes wrong in between, the terminal is what tells. */
  private async carryOut(underway: WriteUnderway): Promise<FinishedWrite> {
    let outcome: Outcome;
    try {
      const trouble = await this.send(underway, (writer) => order(writer, underway));
      if (trouble instanceof LeaseLostError) throw trouble; // the terminal is somebody else's now
      await this.observer.reached('sent');
      outcome = await this.readBack(underway, trouble);
      if (outcome.finding === 'between' && mayHaveArrived(trouble)) outcome = await this.putBack(underway, outcome);
      await this.observer.reached('read-back');
    } catch (error) {
      this.tellUnsettled(underway, error);
      throw new WriteUnsettledError(underway.write, error);
    }
    return this.settle(underway, outcome);
  }

  /** What went wrong; undefined: the terminal said that it was done. */
  private async send(
    { lease, session }: WriteUnderway,
    work: (writer: DeviceWriter) => Promise<void>,
  ): Promise<unknown> {
    try {
      const untilMs = await lease.readyToWrite(this.clock, this.options.sendMs);
      await this.observer.reached('ready');
      await session.send(untilMs, lease, work);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private async readBack({ write, images, lease, session }: WriteUnderway, trouble: unknown): Promise<Outcome> {
    if (trouble !== undefined && mayHaveArrived(trouble)) await this.clock.sleep(this.options.doubtMs, lease.signal);
    const found = await session.readBack(write.deviceUserId, depthOf(write.kind));
    return { finding: await session.use(async (writer) => compare(writer, images, found)), found, trouble };
  }

  /** Once, and only what was changed and not removed: whoever is half deleted is brought back by an undo. */
  private async putBack(underway: WriteUnderway, outcome: Outcome): Promise<Outcome> {
    const { before } = underway.images;
    const { found } = outcome;
    if (underway.write.kind !== 'update' || !before || !found) return outcome;
    const trouble = await this.send(underway, (writer) => writer.update(found, before));
    const now = await this.readBack(underway, trouble);
    return { ...now, trouble: outcome.trouble };
  }

  private async settle(underway: WriteUnderway, outcome: Outcome): Promise<FinishedWrite> {
    const { write, lease, images } = underway;
    const { finding, found, trouble } = outcome;
    const verdict = verdictOf(outcome);
    let settled: DeviceWrite;
    try {
      settled = await this.settlement.settle(lease, write, verdict);
      await this.observer.reached('settled');
    } catch (error) {
      this.tellUnsettled(underway, error);
      throw new WriteUnsettledError(write, error);
    }
    if (verdict.state === 'done') return { write: settled, before: images.before, after: found };
    if (verdict.state === 'undetermined') throw new WriteUndeterminedError(settled, trouble);
    if (finding === 'before') throw new WriteNotDoneError(settled, trouble);
    throw found ? new StaleDeviceUserError(write.deviceUserId, found) : trouble;
  }

  private tellUnsettled({ write }: WriteUnderway, error: unknown): void {
    this.logger.warn({
      msg: 'what became of a write could not be read yet; it is tried again',
      device_id: write.deviceId,
      device_user_id: write.deviceUserId,
      write_id: write.id,
      code: error instanceof AppError ? error.code : 'device-writer/unforeseen',
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

/** The command of a write; none when the user is as wanted already. */
async function order(writer: DeviceWriter, { write, images: { before, after } }: WriteUnderway): Promise<void> {
  if (write.beforeDigest === write.afterDigest) return;
  if (before && after) await writer.update(before, after);
  else if (before) await writer.delete(before);
  else if (after) await writer.restore(after);
}
