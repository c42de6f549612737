import { type UserTraits } from './evidence.js';

const MOST_NAMED = 10;

/** `2026-03-01T02:00:00Z` */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** `between … and …` of the period. */
export function between({ after, until }: { readonly after: Date; readonly until: Date }): string {
  return `between ${utc(after)} and ${utc(until)}`;
}

/** `1 user`, `3 users` */
export function count(amount: number, thing: string): string {
  return `${amount} ${amount === 1 ? thing : `${thing}s`}`;
}

/** A span in the unit that a person would choose: `40 s`, `12 min`, `6 h`, `3 days`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 360) / 10} h`;
  return `${Math.round(seconds / 8_640) / 10} days`;
}

/** The IDs, the first ten of many. */
export function ids(users: readonly Pick<UserTraits, 'deviceUserId'>[]): string {
  const named = users.slice(0, MOST_NAMED).map(({ deviceUserId }) => deviceUserId);
  return users.length > MOST_NAMED ? `${named.join(', ')} and ${users.length - MOST_NAMED} more` : named.join(', ');
}
