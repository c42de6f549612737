/** Invented people of four cultures, and their names as terminals show them. Shares nothing with the scorer. */
export declare const CULTURES: readonly string[];
export declare const KINDS: readonly string[];

export declare class Chance {
  constructor(seed: number);
  next(): number;
  below(limit: number): number;
  holds(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export interface RosterPerson {
  readonly id: string;
  readonly culture: string;
  readonly name: string;
}

export interface AccuracyCell {
  readonly culture: string;
  readonly kind: string;
  readonly asked: number;
  readonly first: number;
  readonly firstThree: number;
  readonly ceiling: number;
}

export declare function rosterOf(options: {
  readonly seed: number;
  readonly half?: 0 | 1;
  readonly size: number;
}): RosterPerson[];

export declare function variantOf(person: RosterPerson, kind: string, chance: Chance): { text: string } | undefined;

export declare function accuracyOf(options: {
  readonly roster: readonly RosterPerson[];
  readonly search: (text: string) => Promise<readonly string[]> | readonly string[];
  readonly seed: number;
  readonly perCell: number;
  /** Counting who fits as well takes most of the time; without it, `ceiling` is 0. */
  readonly withCeiling?: boolean;
}): Promise<AccuracyCell[]>;

export declare function totalOf(cells: readonly AccuracyCell[]): Omit<AccuracyCell, 'culture' | 'kind'>;
