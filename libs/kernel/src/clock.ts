import { setTimeout as delay } from 'node:timers/promises';

/** Time comes in through the constructor, so that a test can move it. */
export abstract class Clock {
  /** The instant now, of this host. Lease times come from the database instead (safety design 1). */
  abstract now(): Date;
  /** Milliseconds that only ever grow; for durations and deadlines. */
  abstract monotonicMs(): number;
  /**
   * Waits.
   * @throws {AbortedError} when `signal` fires first
   */
  abstract sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Someone asked for the work to stop; `reason` is what they gave. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  constructor(readonly reason: unknown) {
    super(reason instanceof Error ? reason.message : 'The operation was stopped');
  }
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }

  monotonicMs(): number {
    return performance.now();
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    try {
      await delay(durationMs, undefined, { signal });
    } catch (error) {
      if (signal?.aborted) throw new AbortedError(signal.reason);
      throw error;
    }
  }
}
