import { type Device } from '@app/devices';
import { AbortedError, type Actor, AppError, BackgroundWork, Clock } from '@app/kernel';
import { deviceLockKey, type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type BatchPlan, BatchPlanner, type PlannedWrite } from './batch-plan.js';
import { BatchSending, type BegunWrite, type IntendedWrite, type SentBatch } from './batch-sending.js';
import { type DeviceWrite } from './device-write.entity.js';
import { DEVICE_WRITER_SERVICE, DeviceWriteJournal } from './device-write.journal.js';
import { OpenWrites } from './open-writes.service.js';
import { type ForecastOptions } from './restore-forecast.js';
import { type RestoreOrder, type RestoreOutcome } from './restore-judgement.js';
import { WriteConditions } from './write-condition.js';
import { WriteConsequences } from './write-consequence.js';
import { WriteObserver } from './write-observer.js';
import { type WriteRequest } from './write-request.js';
import { compare, mayHaveArrived, type SettledAs, verdictOf, WriteSettlement } from './write-settlement.js';
import { WRITER_OPTIONS, type WriterOptions } from './writer-options.js';
import { type WriterSession } from './writer-session.js';
import { WriterSessions } from './writer-sessions.js';

/**
 * How many users one batch should have at most. A user takes about a second on a real terminal and a lease lasts five minutes, so
 * that as many are written, read back and settled before it ends; reading the terminal once for so many costs little; and
 * no more intents than these are ever open, should the process die.
 */
export const MOST_ORDERS = 200;

/** Whose a batch is, and on what terms. */
export interface RestoreBatchRequest {
  readonly actor: Actor;
  /** Names the WriteConsequence that runs together with each "done". */
  readonly purpose: string;
  readonly reason?: string;
  /** The caller knows that users are missing from the terminal, and wants the writes all the same. */
  readonly confirmTripped?: boolean;
  /** Begins no further user; those who were begun come to their end. */
  readonly signal?: AbortSignal;
  readonly options: ForecastOptions;
}

interface Underway {
  readonly device: Device;
  readonly request: RestoreBatchRequest;
  readonly lease: Lease;
  readonly session: WriterSession;
  readonly signal: AbortSignal;
}

/** How much longer than the first read the last one, and the end of all rows, may take. */
const RESERVE_FACTOR = 2;
const LEAST_RESERVE_MS = 5_000;
const NOT_SENT = 'not sent';

/**
 * Brings many users back to a terminal under one lease, each as safely as a single write: what DeviceWriteService does for
 * one user, with one read of the terminal before and one after for all of them. Its story is told here, from top to bottom.
 */
@Injectable()
export class DeviceWriteBatches implements BeforeApplicationShutdown {
  private readonly logger = new Logger(DeviceWriteBatches.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly sessions: WriterSessions,
    private readonly openWrites: OpenWrites,
    private readonly planner: BatchPlanner,
    private readonly journal: DeviceWriteJournal,
    private readonly settlement: WriteSettlement,
    private readonly consequences: WriteConsequences,
    private readonly conditions: WriteConditions,
    private readonly observer: WriteObserver,
    private readonly clock: Clock,
    @Inject(WRITER_OPTIONS) private readonly options: WriterOptions,
  ) {}

  /**
   * Puts these snapshots on the terminal as RestoreForecast judges them, at most MOST_ORDERS at a time. Gives what became of
   * each order, in their order. A `not_done` with code `device-writer/out-of-time` or `device-writer/changed-meanwhile` was not
   * begun: ask for it again. Nothing was sent when it throws
   * @throws {LeaseBusyError} {BadSnapshotError} {DeviceError} {UnknownPurposeError} {AbortedError} {SecretKeyError} or whatever a
   * condition throws.
   */
  async restoreSome(
    device: Device,
    request: RestoreBatchRequest,
    orders: readonly RestoreOrder[],
  ): Promise<RestoreOutcome[]> {
    this.consequences.get(request.purpose);
    if (orders.length === 0) return [];
    return this.background.run((stopping) => {
      const signal = request.signal ? AbortSignal.any([request.signal, stopping]) : stopping;
      const wanted = { service: DEVICE_WRITER_SERVICE, signal };
      return this.coordinator.withLease(deviceLockKey(device.id), wanted, async (lease) => {
        await this.observer.reached('leased');
        // What the holder before sent last may still be on its way: it must have arrived before the terminal is read.
        await lease.readyToWrite(this.clock, this.options.sendMs);
        await using session = this.sessions.begin(device, lease);
        const underway = { device, request, lease, session, signal };
        await this.openWrites.settleUnder(lease, device, session);
        const begunAtMs = this.clock.monotonicMs();
        const plan = await this.planner.plan(device.id, session, orders, request.options);
        const readMs = this.clock.monotonicMs() - begunAtMs;
        await this.observer.reached('read');
        if (signal.aborted) throw new AbortedError(signal.reason);
        const intended = await this.intend(underway, plan);
        await this.observer.reached('intended');
        const outcomes = await this.carryOut(underway, plan, intended, readMs);
        return plan.steps.map((step) => ('state' in step ? step : outcomes.get(step)!));
      });
    });
  }

  /** A batch under way comes to its end before the server stops; no further user of it is begun. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  /** The intents and audit entries of all, or nothing; then nothing is sent either. */
  private async intend({ device, request, lease }: Underway, { steps }: BatchPlan): Promise<IntendedWrite[]> {
    const writes = steps.filter((step): step is PlannedWrite => !('state' in step));
    if (writes.length === 0) return [];
    const { actor, purpose, reason, confirmTripped } = request;
    const requests = writes.map(({ order: { snapshot, purposeData }, deviceUserId }): WriteRequest => {
      return { kind: 'restore', snapshot, deviceUserId, actor, purpose, purposeData, reason, confirmTripped };
    });
    const drafts = await this.journal.draftAll(
      device,
      lease,
      writes.map((planned, i) => [{ ...requests[i], kind: planned.kind }, planned]),
    );
    return lease.transaction(async (tx) => {
      for (const each of requests) await this.conditions.requireAll(tx, device, each);
      const intended: IntendedWrite[] = [];
      for (const [i, planned] of writes.entries()) {
        const write = await this.journal.open(tx, drafts[i]);
        await this.consequences.get(purpose).prepare(tx, write, planned);
        intended.push({ planned, write });
      }
      return intended;
    });
  }

  /** From the stored intents to their end. Whatever goes wrong in between, the terminal is what tells. */
  private async carryOut(
    underway: Underway,
    { mark }: BatchPlan,
    intended: readonly IntendedWrite[],
    readMs: number,
  ): Promise<ReadonlyMap<PlannedWrite, RestoreOutcome>> {
    const { lease, session, signal } = underway;
    const { clock, observer } = this;
    const reserveMs = Math.round(LEAST_RESERVE_MS + RESERVE_FACTOR * readMs);
    const under = { lease, session, clock, observer, sendMs: this.options.sendMs, reserveMs, signal };
    const sent = await new BatchSending(under, mark).send(intended);
    const left = await this.settle(underway, sent.notBegun, async () => neverSent(sent));
    const read = await this.settle(underway, sent.begun, () => this.readBack(underway, sent.begun));
    const troubles = new Map(sent.begun.map(({ write, trouble }) => [write.id, trouble]));
    return new Map(
      intended.map(({ planned, write }) => {
        const settled = left.get(write.id) ?? read.get(write.id);
        const why = troubles.get(write.id) ?? (left.has(write.id) ? sent.stop : undefined);
        return [planned, outcomeOf(settled ?? write, why)];
      }),
    );
  }

  /** Ends these rows; the map has those that could be ended. The others are settled by reading, later. */
  private async settle(
    { device, lease }: Underway,
    writes: readonly IntendedWrite[],
    verdicts: () => Promise<readonly SettledAs[]>,
  ): Promise<ReadonlyMap<string, DeviceWrite>> {
    if (writes.length === 0) return new Map();
    try {
      return await this.settlement.settleAll(lease, await verdicts());
    } catch (error) {
      this.logger.warn({
        msg: 'what became of a batch of writes could not be read or stored yet; it is tried again',
        device_id: device.id,
        writes: writes.length,
        code: error instanceof AppError ? error.code : 'device-writer/unforeseen',
        reason: error instanceof Error ? error.message : String(error),
      });
      return new Map();
    } finally {
      await this.observer.reached('settled');
    }
  }

  private async readBack({ lease, session }: Underway, begun: readonly BegunWrite[]): Promise<SettledAs[]> {
    const isDoubtful = begun.some(({ trouble }) => trouble !== undefined && mayHaveArrived(trouble));
    if (isDoubtful) await this.clock.sleep(this.options.doubtMs, lease.signal);
    const ids = new Set(begun.map(({ planned }) => planned.deviceUserId));
    const verdicts = await session.insist(async (writer) => {
      const found = await writer.readUsers(ids, 'everything');
      return begun.map(({ planned, write, trouble }): SettledAs => {
        const finding = compare(writer, planned, found.get(planned.deviceUserId));
        return [write, verdictOf({ finding, trouble })];
      });
    });
    await this.observer.reached('read-back');
    return verdicts;
  }
}

function neverSent({ notBegun, stop }: SentBatch): SettledAs[] {
  return notBegun.map(({ write }) => [write, { state: 'not_done', how: NOT_SENT, errorCode: stop?.code }]);
}

/** @param why what went wrong, if anything did */
function outcomeOf({ id, deviceUserId, state, errorCode }: DeviceWrite, why: unknown): RestoreOutcome {
  if (state === 'done') return { deviceUserId, state, writeId: id };
  const reason = reasonOf(why);
  if (state !== 'open') {
    return { deviceUserId, state, code: errorCode ?? undefined, reason: reason ?? REASONS[state], writeId: id };
  }
  return {
    deviceUserId,
    state: 'unsettled',
    code: 'device-writer/unsettled',
    reason: reason ?? 'The terminal could not be read back yet; it is settled by reading it, later',
    writeId: id,
  };
}

const REASONS = {
  not_done: 'The terminal took the command and did not follow it; the user is as before',
  undetermined: 'The user is neither as before nor as wanted; look at the terminal',
} as const;

function reasonOf(why: unknown): string | undefined {
  if (why instanceof Error) return why.message;
  return typeof why === 'object' && why !== null && 'reason' in why ? String(why.reason) : undefined;
}
