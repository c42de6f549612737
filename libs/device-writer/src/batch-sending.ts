import { DeviceError } from '@app/device-gateway';
import { AppError, type Clock, type DeviceUserId } from '@app/kernel';
import { type Lease } from '@app/sync-coordinator';
import { type PlannedWrite } from './batch-plan.js';
import { type DeviceWrite } from './device-write.entity.js';
import { OutcomeUnknownError, TerminalChangedError } from './device-writer.errors.js';
import { isUntouched, type TerminalMark } from './terminal-mark.js';
import { addGrowth, type Growth, growthOf } from './terminal-room.js';
import { type WriteObserver } from './write-observer.js';
import { type WriterSession } from './writer-session.js';

/** A planned write whose intent is stored. */
export interface IntendedWrite {
  readonly planned: PlannedWrite;
  readonly write: DeviceWrite;
}

/** A write that was begun; `trouble` undefined: the terminal said that it was done. */
export interface BegunWrite extends IntendedWrite {
  readonly trouble: unknown;
}

/** Why the rest of a batch was not begun. */
export interface BatchStop {
  readonly code: 'device-writer/out-of-time' | 'device-writer/changed-meanwhile';
  readonly reason: string;
}

export interface SentBatch {
  readonly begun: readonly BegunWrite[];
  readonly notBegun: readonly IntendedWrite[];
  /** Undefined: all were begun. */
  readonly stop: BatchStop | undefined;
}

/** What sending needs of the story around it. */
export interface SendingUnder {
  readonly lease: Lease;
  readonly session: WriterSession;
  readonly clock: Clock;
  readonly observer: WriteObserver;
  /** How long one user may take. */
  readonly sendMs: number;
  /** How much of the lease must be left afterwards, to read back and to settle. */
  readonly reserveMs: number;
  /** No further user is begun once it fires. */
  readonly signal: AbortSignal;
}

/**
 * Writes user after user, each armed alone and sent once, and before each sees to it that nobody else has changed the terminal. A
 * user who fails stops no other, unless the session is lost with him.
 */
export class BatchSending {
  /** What our own writes may have added since `mark`; undefined: nothing was sent since. */
  private pending: Growth | undefined;
  private readonly ours = new Set<DeviceUserId>();

  constructor(
    private readonly under: SendingUnder,
    private mark: TerminalMark,
  ) {}

  async send(intended: readonly IntendedWrite[]): Promise<SentBatch> {
    const begun: BegunWrite[] = [];
    for (const [i, each] of intended.entries()) {
      const { trouble, sent, stop } = await this.sendOne(each);
      if (sent) begun.push({ ...each, trouble });
      if (stop) return { begun, notBegun: intended.slice(sent ? i + 1 : i), stop };
    }
    return { begun, notBegun: [], stop: undefined };
  }

  private async sendOne({ planned }: IntendedWrite): Promise<{ sent: boolean; trouble?: unknown; stop?: BatchStop }> {
    const { lease, session, clock, observer, sendMs, reserveMs, signal } = this.under;
    if (signal.aborted) return { sent: false, stop: outOfTime('the server was told to stop') };
    const { before, after, deviceUserId } = planned;
    const growth = growthOf(before, after);
    const step: { sent: boolean; done: boolean; mark?: TerminalMark } = { sent: false, done: false };
    let trouble: unknown;
    try {
      const untilMs = (await lease.readyToWrite(clock, sendMs + reserveMs)) - reserveMs;
      await observer.reached('ready');
      await session.send(untilMs, lease, async (writer) => {
        const now = await writer.mark();
        if (!isUntouched(this.mark, now, this.pending, this.ours)) throw new TerminalChangedError();
        step.sent = true;
        this.ours.add(deviceUserId);
        await writer.put(before, after);
        step.done = true;
        step.mark = await writer.mark();
      });
    } catch (error) {
      trouble = error;
    }
    if (!step.sent) return { sent: false, stop: stopOf(trouble) };
    await observer.reached('sent');
    this.pending = this.pending ? addGrowth(this.pending, growth) : growth;
    if (!step.done) return { sent: true, trouble, stop: isLost(trouble) ? stopOf(trouble) : undefined };
    if (!step.mark) return { sent: true, stop: stopOf(trouble) };
    return { sent: true, stop: this.moveMark(step.mark) };
  }

  /** From here on, the terminal is compared with how we left it. */
  private moveMark(now: TerminalMark): BatchStop | undefined {
    if (!isUntouched(this.mark, now, this.pending, this.ours)) return stopOf(new TerminalChangedError());
    this.mark = now;
    this.pending = undefined;
    return undefined;
  }
}

function stopOf(trouble: unknown): BatchStop {
  if (trouble instanceof TerminalChangedError) return { code: trouble.code, reason: trouble.message };
  return outOfTime(trouble instanceof Error ? trouble.message : String(trouble));
}

function outOfTime(why: string): BatchStop {
  return {
    code: 'device-writer/out-of-time',
    reason: `It was not begun, since there was no more time, or no more session, for it (${why}); ask again`,
  };
}

/** Whether nothing more can be sent in what is left of the session. */
function isLost(trouble: unknown): boolean {
  if (trouble instanceof OutcomeUnknownError) return trouble.cause instanceof DeviceError;
  return trouble instanceof DeviceError || !(trouble instanceof AppError);
}
