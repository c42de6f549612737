import { type WallTime } from '@app/kernel';

/** A person as AAS knows them. Being in this list proves nothing about any terminal. */
export interface AasEmployee {
  /** AAS's own key, as it stands in the file: zero-padded. */
  readonly employeeId: string;
  /** The number on the terminal, in canonical form: from the card number, else from the employee number. */
  readonly deviceUserId: string;
  readonly name: string | null;
  /** `2020-01-01`; null: none. */
  readonly endDate: string | null;
}

/** A punch as the file tells it. */
export interface AasPunch {
  /** The number of the terminal within AAS; 0: entered by hand; null: the file does not tell. */
  readonly clockId: number | null;
  readonly deviceUserId: string;
  readonly wallTime: WallTime;
  /** Day tables and the CSV export tell minutes only. */
  readonly preciseTo: 'second' | 'minute';
  /** 0 in, 1 out; null: the file does not tell. */
  readonly state: number | null;
  readonly enteredByHand: boolean;
}

/** Everything in a file, once all of it has been proven readable. */
export interface AasContents {
  readonly employees: readonly AasEmployee[];
  /** Rows by table, as decoded, equal to what the file announces. */
  readonly tables: Readonly<Record<string, number>>;
  /** What the file may have left out by its nature. */
  readonly warnings: readonly string[];
  /** Every punch, in the order of the file; can be walked more than once. */
  punches(): Iterable<AasPunch>;
}
