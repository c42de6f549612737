import { type Fields } from '@app/aiface-protocol';
import { Journal } from '../journal.js';

/** A message that a terminal received, whether it was obeyed or not. */
export interface MessageEntry {
  /** Numbered from 1 in the order of dialling. */
  readonly connection: number;
  readonly message: Fields;
}

/** The messages that an AiFace terminal received. */
export class MessageJournal extends Journal<MessageEntry> {
  /** The commands of this name, in their order. */
  commands(name: string): Fields[] {
    return this.entries.filter(({ message }) => message.cmd === name).map(({ message }) => message);
  }

  /** The messages that an allow-list would not have let through. */
  outside(isAllowed: (message: Fields) => boolean): MessageEntry[] {
    return this.entries.filter(({ message }) => !isAllowed(message));
  }
}
