import { type DeviceUserId } from '@app/kernel';

/** Who a user was, as far as it was known. */
export interface UserTraits {
  readonly deviceUserId: DeviceUserId;
  readonly slot: number | null;
  readonly name: string | null;
  readonly cardNumber: string | null;
  /** Digests of the user's templates, where they are known. */
  readonly templateDigests?: readonly string[];
  /** When a read showed the user for the first time; undefined: not known. */
  readonly firstSeenAt?: Date;
}

/** One entry of a terminal's own operation log. */
export interface LoggedOperation {
  /** By our clock: what the terminal showed, less its drift. Null: a day that no calendar has. */
  readonly at: Date | null;
  /** The number of the operation, as the terminal counts them: 9 is "user deleted". */
  readonly operation: number;
  /** The administrator at the keypad, by slot or ID as the terminal keeps it; 0: nobody was asked. */
  readonly operator: number;
  /** Four numbers whose meaning depends on the operation; the first is usually the slot concerned. */
  readonly parameters: readonly number[];
}

/** A terminal as a read found it; what it did not tell is undefined. */
export interface TerminalFacts {
  readonly serialNumber?: string;
  readonly firmware?: string;
  /** By how much its clock was ahead of ours. */
  readonly clockDriftSeconds?: number;
  /** What its clock showed, as `2000-01-01 00:03:12`. */
  readonly clockShows?: string;
  readonly users?: number;
  readonly userCapacity?: number;
  readonly templates?: number;
  readonly templateCapacity?: number;
  readonly punches?: number;
  readonly punchCapacity?: number;
}

/** What Holdfast itself sent to the terminal about one user. */
export interface OwnWrite {
  readonly deviceUserId: DeviceUserId;
  readonly kind: 'put' | 'delete';
  readonly state: 'open' | 'done' | 'not_done' | 'undetermined';
  readonly at: Date;
  /** The administrator who asked for it. */
  readonly by: string;
}

/** An earlier change of the user list that nothing of ours made; its moment lies between two complete reads. */
export interface ForeignChange {
  readonly after: Date;
  readonly until: Date;
  readonly departed: number;
  readonly arrived: number;
}

/**
 * All that is known around a disappearance. Every fact was proven or is absent; an absent one is no evidence of anything.
 * Times are instants by our clock.
 */
export interface DisappearanceEvidence {
  readonly lost: readonly UserTraits[];
  /** How many users the terminal was known to have, the lost ones included. */
  readonly knownUsers: number;
  /** How many of them are there still. */
  readonly remainingUsers: number;
  /** The last complete read that showed the lost users, and the first that did not. */
  readonly period: { readonly after: Date; readonly until: Date };
  /** Users who appeared in the same period. */
  readonly arrived: readonly UserTraits[];
  readonly before: TerminalFacts;
  readonly now: TerminalFacts;
  /** The terminal's operation log in that period and an hour around it; undefined: it has none, or it was not read. */
  readonly operations?: readonly LoggedOperation[];
  readonly ownWrites: readonly OwnWrite[];
  /** Of the last weeks, oldest first, without this one. */
  readonly foreignChanges: readonly ForeignChange[];
  /** When Holdfast itself held the terminal in that period, whatever for. */
  readonly ownSessions: readonly { readonly from: Date; readonly until: Date; readonly service: string }[];
  /** Failed connections in that period: a terminal that starts anew does not answer. */
  readonly unreachable: readonly { readonly from: Date; readonly until: Date }[];
}
