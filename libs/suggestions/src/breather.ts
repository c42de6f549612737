/** How long work may keep the process from everything else, in milliseconds. */
const LONGEST_SLICE_MS = 15;

/** Lets others have a turn during long work. */
export class Breather {
  private since = performance.now();

  /** Gives way when the slice is used up. */
  async breathe(): Promise<void> {
    if (performance.now() - this.since < LONGEST_SLICE_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
