import { type Clock } from '@app/kernel';

/** What a counter allows. */
export interface WindowLimit {
  /** How many hits of one key in a window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** More keys than this are not remembered: an attacker with many addresses must not fill the memory. */
const MOST_KEYS = 10_000;

/**
 * Counts by key in windows that begin with a key's first hit. In memory, so of this process alone: for what saves work.
 * What must hold across servers and restarts is counted in the database.
 */
export class WindowCounter {
  private readonly windows = new Map<string, { readonly endsAtMs: number; hits: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly bounds: WindowLimit,
  ) {}

  /** Counts one hit. Gives 0 when the key is within its limit with it, else the whole seconds until its window ends. */
  hit(key: string): number {
    const nowMs = this.clock.monotonicMs();
    let window = this.windows.get(key);
    if (!window || window.endsAtMs <= nowMs) {
      this.windows.delete(key); // so that the order of the map stays that of the beginnings
      this.makeRoom(nowMs);
      window = { endsAtMs: nowMs + this.bounds.windowMs, hits: 0 };
      this.windows.set(key, window);
    }
    window.hits += 1;
    return window.hits > this.bounds.limit ? secondsUntil(window.endsAtMs, nowMs) : 0;
  }

  /** Whole seconds until a key that used up its limit may go on; 0: it has some left. Counts nothing. */
  secondsBlocked(key: string): number {
    const nowMs = this.clock.monotonicMs();
    const window = this.windows.get(key);
    if (!window || window.endsAtMs <= nowMs || window.hits < this.bounds.limit) return 0;
    return secondsUntil(window.endsAtMs, nowMs);
  }

  /** The oldest windows come first, and all are equally long. */
  private makeRoom(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.windows) {
      if (endsAtMs > nowMs && this.windows.size < MOST_KEYS) return;
      this.windows.delete(key);
    }
  }
}

function secondsUntil(endsAtMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((endsAtMs - nowMs) / 1_000));
}
