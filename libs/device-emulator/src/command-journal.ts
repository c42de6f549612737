/** A command that a terminal received, whether it was obeyed or not. */
export interface JournalEntry {
  readonly transport: 'tcp' | 'udp';
  /** Numbered from 1 in the order of their opening. */
  readonly connection: number;
  readonly command: number;
  readonly data: Buffer;
}

/** Everything that a terminal was ever told: what the read-only proofs look at. */
export class CommandJournal {
  private readonly received: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.received;
  }

  add(entry: JournalEntry): void {
    this.received.push(entry);
  }

  clear(): void {
    this.received.length = 0;
  }

  /** The commands that an allow-list would not have let through. */
  outside(isAllowed: (command: number, data: Buffer) => boolean): JournalEntry[] {
    return this.received.filter(({ command, data }) => !isAllowed(command, data));
  }
}
