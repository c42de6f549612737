import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const WINDOW_MS = 60_000;

/** Seconds by which the event loop came too late. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * How late the event loop is: over the last whole minute and what came since, whichever is worse. Reading changes nothing,
 * so that several may read.
 */
export class EventLoopDelay {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  private lastMinute: LoopDelay = { p50: 0, p99: 0, max: 0 };

  constructor() {
    this.histogram.enable();
    this.timer = setInterval(() => this.turn(), WINDOW_MS).unref();
  }

  read(): LoopDelay {
    const now = this.measured();
    const worse = (key: keyof LoopDelay): number => Math.max(now[key], this.lastMinute[key]);
    return { p50: worse('p50'), p99: worse('p99'), max: worse('max') };
  }

  stop(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  private turn(): void {
    this.lastMinute = this.measured();
    this.histogram.reset();
  }

  private measured(): LoopDelay {
    const { histogram } = this;
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
  }
}

/** What is measured is the time between two looks, of which the resolution is as it should be. */
function late(nanoseconds: number): number {
  return Math.max(nanoseconds / 1e9 - RESOLUTION_MS / 1e3, 0);
}
