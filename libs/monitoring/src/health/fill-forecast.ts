/** How much there was on one day. */
export interface FillPoint {
  /** Whole days, from any day on. */
  readonly day: number;
  readonly count: number;
}

/** When something will be full, if it goes on like that. */
export interface FillForecast {
  readonly count: number;
  readonly capacity: number;
  /** 0 to 1, or more where a terminal holds more than it says it can. */
  readonly share: number;
  /** Whole days from the last point; 0: it is full. Undefined: it does not grow, or there is too little to tell. */
  readonly daysLeft?: number;
}

const FEWEST_DAYS = 3;
/** The share of steps that is left out at either end, once there are enough. */
const DROPPED = 0.1;
const FEWEST_STEPS_TO_DROP = 5;
/** A forecast beyond this is no news to anybody. */
const LONGEST_DAYS = 3_650;

/**
 * What is added in a day, on the average of all days but the most unusual ones: weekends count, while one import of a
 * hundred people makes no trend, and neither does one clearing of the log. Points in any order; the last day is now.
 */
export function forecastFill(points: readonly FillPoint[], capacity: number): FillForecast | undefined {
  const sorted = points.toSorted((a, b) => a.day - b.day);
  const last = sorted.at(-1);
  if (!last || capacity <= 0) return undefined;
  const now = { count: last.count, capacity, share: last.count / capacity };
  if (last.count >= capacity) return { ...now, daysLeft: 0 };
  const perDay = sorted.length < FEWEST_DAYS ? 0 : dailyGrowth(sorted);
  const daysLeft = Math.ceil((capacity - last.count) / perDay);
  return perDay > 0 && daysLeft <= LONGEST_DAYS ? { ...now, daysLeft } : now;
}

function dailyGrowth(points: readonly FillPoint[]): number {
  const steps = points
    .slice(1)
    .map(({ day, count }, i) => ({ days: day - points[i].day, grown: count - points[i].count }))
    .filter(({ days }) => days > 0)
    .toSorted((a, b) => a.grown / a.days - b.grown / b.days);
  const dropped = steps.length < FEWEST_STEPS_TO_DROP ? 0 : Math.ceil(steps.length * DROPPED);
  const usual = steps.slice(dropped, steps.length - dropped);
  const days = usual.reduce((sum, step) => sum + step.days, 0);
  return days === 0 ? 0 : usual.reduce((sum, step) => sum + step.grown, 0) / days;
}
