import { type WallTime, wallTimeFromDate, wallTimeToDate } from '@app/kernel';

/** What terminals show after a factory reset. */
export const FACTORY_TIME: WallTime = { year: 2000, month: 1, day: 1, hour: 0, minute: 0, second: 0 };

/** A clock that is ahead of another one by so many seconds; behind it, when they are negative. */
export function clockAhead(clock: () => WallTime, seconds: number): () => WallTime {
  return () => later(clock(), seconds * 1000);
}

/** A clock that shows `start` now and runs on as fast as another one does. */
export function clockFrom(start: WallTime, clock: () => WallTime): () => WallTime {
  const startedAt = wallTimeToDate(clock())?.getTime();
  return () => {
    const now = wallTimeToDate(clock())?.getTime();
    return startedAt === undefined || now === undefined ? start : later(start, now - startedAt);
  };
}

/** A day that no calendar has stays as it is. */
function later(time: WallTime, ms: number): WallTime {
  const instant = wallTimeToDate(time);
  return instant ? wallTimeFromDate(new Date(instant.getTime() + ms)) : time;
}
