import { type Fields } from '@app/aiface-protocol';

/** A message that a terminal received, whether it was obeyed or not. */
export interface MessageEntry {
  /** Numbered from 1 in the order of dialling. */
  readonly connection: number;
  readonly message: Fields;
}

/** Everything that an AiFace terminal was ever told: what the read-only proofs look at. */
export class MessageJournal {
  private readonly received: MessageEntry[] = [];

  get entries(): readonly MessageEntry[] {
    return this.received;
  }

  add(entry: MessageEntry): void {
    this.received.push(entry);
  }

  clear(): void {
    this.received.length = 0;
  }

  /** The commands of this name, in their order. */
  commands(name: string): Fields[] {
    return this.received.filter(({ message }) => message.cmd === name).map(({ message }) => message);
  }

  /** The messages that an allow-list would not have let through. */
  outside(isAllowed: (message: Fields) => boolean): MessageEntry[] {
    return this.received.filter(({ message }) => !isAllowed(message));
  }
}
