/** Everything that a terminal was ever told, whether it obeyed or not: what the read-only proofs look at. */
export class Journal<Entry> {
  private readonly received: Entry[] = [];

  /** @param isKept false: nothing is written down, since what a full terminal is told may be larger than what it holds */
  constructor(private readonly isKept = true) {}

  get entries(): readonly Entry[] {
    return this.received;
  }

  add(entry: Entry): void {
    if (this.isKept) this.received.push(entry);
  }

  clear(): void {
    this.received.length = 0;
  }
}
