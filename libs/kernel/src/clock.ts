import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from './app-error.js';

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

/** Someone asked for the work to stop: Ctrl-C, a server that stops, a lease that ends. */
export class AbortedError extends AppError {
  readonly code = 'work/aborted';
  readonly kind = 'unavailable';

  constructor(cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(`The work was stopped before it was done${why}; nothing of it was stored`, { cause });
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
