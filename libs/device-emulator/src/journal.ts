/** Everything that a terminal was ever told, whether it obeyed or not: what the read-only proofs look at. */
export class Journal<Entry> {
  private readonly received: Entry[] = [];

  get entries(): readonly Entry[] {
    return this.received;
  }

  add(entry: Entry): void {
    this.received.push(entry);
  }

  clear(): void {
    this.received.length = 0;
  }
}
