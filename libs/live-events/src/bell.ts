/** Wakes all who wait. A ring that nobody waits for is remembered for the next who does. */
export class Bell {
  private rung = false;
  private readonly waiting = new Set<() => void>();

  ring(): void {
    this.rung = this.waiting.size === 0;
    for (const wake of this.waiting) wake();
  }

  /** True: it rang; false: it did not for so long, or `signal` fired. */
  heard(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.rung || signal.aborted) {
      this.rung = false;
      return Promise.resolve(!signal.aborted);
    }
    return new Promise((resolve) => {
      const end = (rang: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.waiting.delete(wake);
        resolve(rang);
      };
      const wake = (): void => end(true);
      const stop = (): void => end(false);
      const timer = setTimeout(stop, timeoutMs);
      signal.addEventListener('abort', stop, { once: true });
      this.waiting.add(wake);
    });
  }
}
