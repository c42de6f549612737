import { Journal } from './journal.js';

/** A command that a terminal received, whether it was obeyed or not. */
export interface JournalEntry {
  readonly transport: 'tcp' | 'udp';
  /** Numbered from 1 in the order of their opening. */
  readonly connection: number;
  readonly command: number;
  readonly data: Buffer;
}

/** The commands that a ZK terminal received. */
export class CommandJournal extends Journal<JournalEntry> {
  /** The commands that an allow-list would not have let through. */
  outside(isAllowed: (command: number, data: Buffer) => boolean): JournalEntry[] {
    return this.entries.filter(({ command, data }) => !isAllowed(command, data));
  }
}
