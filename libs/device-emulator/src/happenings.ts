/** Lets others wait for something to have happened, without looking at the clock. */
export class Happenings {
  private readonly watchers = new Set<() => void>();

  /** Something has happened: whoever waits looks whether it was that. */
  happened(): void {
    for (const look of this.watchers) look();
  }

  /** Resolves when the condition holds; it is looked at whenever something has happened. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
    });
  }
}
