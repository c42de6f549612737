/** How often to try again and how long to wait before each try: doubling delays with jitter, so that rivals part ways. */
export class RetrySchedule {
  /**
   * @param retries how many tries follow the first one
   * @param firstDelayMs the wait before the first retry; it doubles each time
   * @param jitter the share of the delay by which it varies, 0.25 for ± 25 %
   */
  constructor(
    readonly retries: number,
    readonly firstDelayMs: number,
    readonly jitter = 0.25,
  ) {}

  /** The wait before retry `n`, counted from 1. `random` gives numbers in [0, 1). */
  delayMs(n: number, random: () => number = Math.random): number {
    const spread = 1 + this.jitter * (2 * random() - 1);
    return Math.round(this.firstDelayMs * 2 ** (n - 1) * spread);
  }
}
