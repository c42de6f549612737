import { wallTimeInZone } from '@app/kernel';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** A daily time of quiet, by the clock on the wall: `22:00` to `06:30` goes over midnight. */
export interface QuietHours {
  readonly from: string;
  readonly until: string;
}

/** When the quiet that reigns at `at` ends; undefined: it is not quiet. */
export function endOfQuiet({ from, until }: QuietHours, at: Date, zone: string): Date | undefined {
  const { hour, minute, second } = wallTimeInZone(at, zone);
  const now = hour * 60 + minute;
  const [begin, end] = [minutesOf(from), minutesOf(until)];
  const quiet = begin <= end ? now >= begin && now < end : now >= begin || now < end;
  if (!quiet) return undefined;
  const left = (end - now + DAY_MINUTES) % DAY_MINUTES;
  return new Date(at.getTime() + left * MINUTE_MS - second * 1_000 - (at.getTime() % 1_000));
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
