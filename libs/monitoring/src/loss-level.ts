import { LOSS_LEVELS, type LossLevel } from './monitoring.entities.js';

/** More than this many, and more than this share of the users, is a trip. */
const TRIP = { users: 2, share: 0.05 };
/** More than this share of a terminal with at least so many users, or so many at once, is a hard trip; so is everybody. */
const HARD_TRIP = { share: 0.2, ofAtLeast: 10, users: 500 };

/** How bad it is that `missing` of `known` users are gone; both at least 1 (safety design 2). */
export function lossLevelOf(missing: number, known: number): LossLevel {
  if (missing >= known || missing >= HARD_TRIP.users) return 'hard_trip';
  if (known >= HARD_TRIP.ofAtLeast && missing > HARD_TRIP.share * known) return 'hard_trip';
  return missing > Math.max(TRIP.users, TRIP.share * known) ? 'trip' : 'notice';
}

/** The worse of two levels. */
export function worseLevel(a: LossLevel, b: LossLevel): LossLevel {
  return LOSS_LEVELS.indexOf(a) >= LOSS_LEVELS.indexOf(b) ? a : b;
}
