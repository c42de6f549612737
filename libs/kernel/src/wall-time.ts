/**
 * What a terminal's clock shows: year to second, no zone, no DST flag. A terminal can show dates that no calendar has
 * (30 February, zk-protocol 9.1), so this is six fields and not a `Date`.
 */
export interface WallTime {
  readonly year: number;
  /** 1 to 12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** `2024-02-29 23:59:58` */
export function formatWallTime(time: WallTime): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return (
    `${String(time.year).padStart(4, '0')}-${two(time.month)}-${two(time.day)} ` +
    `${two(time.hour)}:${two(time.minute)}:${two(time.second)}`
  );
}

/** Reads `2024-02-29 23:59:58` or with a `T`; undefined for anything else. */
export function parseWallTime(text: string): WallTime | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return { year, month, day, hour, minute, second };
}

/** The wall time whose fields are the UTC fields of `instant`; the caller adds the zone's offset first. */
export function wallTimeFromDate(instant: Date): WallTime {
  return {
    year: instant.getUTCFullYear(),
    month: instant.getUTCMonth() + 1,
    day: instant.getUTCDate(),
    hour: instant.getUTCHours(),
    minute: instant.getUTCMinutes(),
    second: instant.getUTCSeconds(),
  };
}

/**
 * What a right clock in `zone` shows at `instant`.
 * @param zone an IANA name
 */
export function wallTimeInZone(instant: Date, zone: string): WallTime {
  const parts = formatterOf(zone).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value);
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

/** The instant at which a clock in UTC would show `time`; undefined when no calendar has that day or time. */
export function wallTimeToDate(time: WallTime): Date | undefined {
  const ms = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);
  const date = new Date(ms);
  const same = date.getUTCMonth() === time.month - 1 && date.getUTCDate() === time.day && time.hour < 24;
  return same && time.minute < 60 && time.second < 60 ? date : undefined;
}

/**
 * The instant at which a right clock in `zone` shows `time`; of the two in an hour that comes twice, the first. Undefined
 * when no calendar has that day or time.
 * @param zone an IANA name
 */
export function wallTimeToInstant(time: WallTime, zone: string): Date | undefined {
  const asUtc = wallTimeToDate(time);
  if (!asUtc) return undefined;
  const offsetAt = (instant: Date): number =>
    (wallTimeToDate(wallTimeInZone(instant, zone))?.getTime() ?? 0) - instant.getTime();
  // The offset of a day around it is that before or after a change of the clocks; the larger one gives the first instant.
  const offsets = [-DAY_MS, DAY_MS].map((ms) => offsetAt(new Date(asUtc.getTime() + ms)));
  const candidates = offsets
    .map((offset) => new Date(asUtc.getTime() - offset))
    .toSorted((a, b) => Number(a) - Number(b));
  return candidates.find((instant) => asUtc.getTime() - instant.getTime() === offsetAt(instant)) ?? candidates[0];
}

const DAY_MS = 24 * 60 * 60_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes far longer than using it. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, made);
  return made;
}
