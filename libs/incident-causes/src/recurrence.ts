const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Programs run every few hours, every few days or every few weeks; longest first, so that the plainest wins a tie. */
const PERIODS_MS = [30, 28, 21, 14, 10, 7, 6, 5, 4, 3, 2, 1]
  .map((days) => days * DAY_MS)
  .concat([12, 10, 9, 8, 6, 5, 4, 3, 2, 1].map((hours) => hours * HOUR_MS));
/** A start is late now and then: by so much at least, or by this part of the period. */
const JITTER_MS = 5 * 60_000;
const JITTER_SHARE = 0.01;
const FEWEST = 3;
/** How seldom chance may make so regular a picture, all periods that are tried included. */
const CHANCE = 0.005;

export interface Window {
  readonly after: Date;
  readonly until: Date;
}

export interface Recurrence<T extends Window> {
  readonly periodMs: number;
  /** The earlier changes that fit, oldest first; at least three, each in a round of its own. */
  readonly fits: readonly T[];
}

/**
 * The period with which `earlier` changes recur up to `last`. Each change lies somewhere in its window, so that a change
 * fits if its window, moved by whole periods, meets the others' in one place; narrow windows say more than wide ones.
 * Undefined if fewer than three fit, or if chance could well have done it.
 */
export function findRecurrence<T extends Window>(earlier: readonly T[], last: Window): Recurrence<T> | undefined {
  let best: { recurrence: Recurrence<T>; chance: number } | undefined;
  for (const periodMs of PERIODS_MS) {
    const fits = fitting(earlier, last, periodMs);
    if (fits.length < FEWEST) continue;
    const chance = PERIODS_MS.length * chanceOf(fits.length, earlier.length, meanShare(earlier, last, periodMs));
    if (chance > CHANCE || (best !== undefined && chance >= best.chance)) continue;
    best = { recurrence: { periodMs, fits }, chance };
  }
  return best?.recurrence;
}

/** The changes that meet in one moment of the last window, where the most do. */
function fitting<T extends Window>(earlier: readonly T[], last: Window, periodMs: number): T[] {
  const jitter = jitterMs(periodMs);
  const from = last.after.getTime();
  const until = last.until.getTime();
  const moved = earlier.map((change) => {
    const rounds = Math.round((from + until - change.after.getTime() - change.until.getTime()) / 2 / periodMs);
    const by = rounds * periodMs;
    return { change, rounds, from: change.after.getTime() + by - jitter, until: change.until.getTime() + by + jitter };
  });
  const moments = [from, until, ...moved.map((each) => each.from)].filter((at) => at >= from && at <= until);
  let best: T[] = [];
  for (const at of moments) {
    const rounds = new Set<number>();
    const here = moved.filter((each) => {
      if (each.rounds < 1 || each.from > at || each.until < at || rounds.has(each.rounds)) return false;
      return rounds.add(each.rounds);
    });
    if (here.length > best.length) best = here.map(({ change }) => change);
  }
  return best;
}

/** The share of a period in which a change would fit by chance. */
function meanShare(earlier: readonly Window[], last: Window, periodMs: number): number {
  const width = ({ after, until }: Window): number => until.getTime() - after.getTime();
  const shares = earlier.map((each) => Math.min(1, (width(each) + width(last) + 2 * jitterMs(periodMs)) / periodMs));
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function jitterMs(periodMs: number): number {
  return Math.max(JITTER_MS, periodMs * JITTER_SHARE);
}

/** The chance that at least `hits` of `tries` fit, each with probability `share`. */
function chanceOf(hits: number, tries: number, share: number): number {
  let total = 0;
  let ways = 1;
  for (let k = 0; k <= tries; k += 1) {
    if (k > 0) ways = (ways * (tries - k + 1)) / k;
    if (k >= hits) total += ways * share ** k * (1 - share) ** (tries - k);
  }
  return total;
}
