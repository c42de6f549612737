import { type RestoreRefusal } from './restore-judgement.js';
import { type UserSnapshot } from './user-snapshot.js';

/** A user as he will be on the terminal, and what of that is new to it. */
export interface ForecastUser {
  readonly after: UserSnapshot;
  readonly credentialsAdded: number;
  readonly credentialsReplaced: number;
}

/** What terminals of one protocol make of a snapshot. */
export interface ForecastRules {
  /** A user who is absent. @throws {RefusedRestore} */
  create(wanted: UserSnapshot): ForecastUser;
  /** A user of whom everything is known. @throws {RefusedRestore} */
  update(held: UserSnapshot, wanted: UserSnapshot): ForecastUser;
  /** Keeps a planned user's place. */
  take(after: UserSnapshot): void;
}

/** Why a snapshot cannot be put on a terminal. It becomes a judgement and is never seen outside. */
export class RefusedRestore extends Error {
  constructor(
    readonly code: RestoreRefusal,
    readonly reason: string,
  ) {
    super(reason);
  }
}
