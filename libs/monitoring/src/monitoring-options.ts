/** How often terminals are polled, and how many at once. */
export interface MonitoringOptions {
  /** Every window of this length contains the start of a poll or a run of each terminal. */
  readonly intervalMs: number;
  readonly pollsAtOnce: number;
}

export const MONITORING_OPTIONS = Symbol('MONITORING_OPTIONS');
/** One that hangs must not keep the others waiting, and a thousand must not be asked at once. */
export const POLLS_AT_ONCE = 16;

/** Polls start this much more often than they must, so that one that starts late is still in time. */
const HEAD_START = 0.05;

/** Observations that are further apart than so many intervals have a gap between them. */
const GAP_INTERVALS = 2.5;

/** How far apart two observations of a terminal may be and still be a whole. */
export function observationGapMs({ intervalMs }: MonitoringOptions): number {
  return GAP_INTERVALS * intervalMs;
}

/** From the start of one poll to that of the next. */
export function pollPeriodMs({ intervalMs }: MonitoringOptions): number {
  return intervalMs * (1 - HEAD_START);
}
