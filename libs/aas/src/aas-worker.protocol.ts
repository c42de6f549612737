import { type AasEmployee, type AasPunch } from './aas-contents.js';

/** What the reading thread is born with. */
export interface AasWorkerData {
  readonly path: string;
  readonly kind: 'mdb' | 'csv';
  readonly password: string | undefined;
  /** Clock number within AAS, or `*` for all others, to whatever the caller calls its terminal. */
  readonly clocks: Readonly<Record<string, string>>;
}

/** `open` proves the file; `begin` starts over with the punches of one target; `next` gives a batch, empty at the end. */
export type AasWorkerRequest =
  { readonly ask: 'open' } | { readonly ask: 'begin'; readonly target: string } | { readonly ask: 'next' };

/** A punch and the how-manieth it is of its user within its second, or minute. */
export type OrderedPunch = AasPunch & { readonly ordinal: number };

/** What a proven file holds, in numbers. */
export interface AasSummary {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly employees: readonly AasEmployee[];
  readonly tables: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Punches by target; those of a clock without a target under `clock <n>`. */
  readonly punches: Readonly<Record<string, number>>;
}

export type AasWorkerAnswer =
  | { readonly summary: AasSummary }
  | { readonly begun: true }
  | { readonly batch: readonly OrderedPunch[] }
  | {
      readonly refused: { readonly code: string; readonly message: string; readonly details: Record<string, unknown> };
    };
