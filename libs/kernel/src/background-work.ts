import { AbortedError } from './clock.js';

/** Work that nobody's request waits for: it is told to stop, and waited for, before what it uses is closed. */
export class BackgroundWork {
  private readonly ending = new AbortController();
  private readonly underway = new Set<Promise<unknown>>();

  /**
   * Does the work; its signal fires at the stop.
   * @throws {AbortedError} it is too late to begin; and whatever `work` throws
   */
  async run<T>(work: (stopping: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.ending;
    if (signal.aborted) throw new AbortedError(signal.reason);
    const working = work(signal);
    this.underway.add(working);
    try {
      return await working;
    } finally {
      this.underway.delete(working);
    }
  }

  /** As run, for what comes again by itself: being stopped is no failure of it. */
  async round(work: (stopping: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await this.run(work);
    } catch (error) {
      if (!(error instanceof AbortedError && this.ending.signal.aborted)) throw error;
    }
  }

  /** Ends what is under way and waits until it has ended, well or badly. Nothing begins any more. Safe to repeat. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('the server is stopping'));
    await Promise.allSettled(this.underway);
  }
}
