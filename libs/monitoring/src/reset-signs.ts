import { type ConfirmedUserRead } from './confirmed-read.js';

/** A clock before this year has never been set: terminals begin at 2000 or 2010, and none of ours was built earlier. */
const NEVER_SET_BEFORE = 2016;

/** Whether a terminal looks as it leaves the factory: without any user, or with a clock that nobody has set. */
export function isReset({ read, scene }: ConfirmedUserRead): boolean {
  const year = scene?.clock?.wallTime.year;
  return read.proof.distinctUsers === 0 || (year !== undefined && year < NEVER_SET_BEFORE);
}
