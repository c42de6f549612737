const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Pauses after the first failures; the last one repeats. The first is short, so that a hiccup costs less than a minute. */
const PAUSES_MS = [10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS];
/** After this time a message is given up: whatever it told of is told by its reminders, or is over. */
const GIVE_UP_AFTER_MS = DAY_MS;

/** When a delivery is tried again that has failed `attempts` times; undefined: it is given up. */
export function nextAttempt(attempts: number, createdAt: Date, now: Date): Date | undefined {
  const pauseMs = PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? PAUSES_MS[0];
  const next = new Date(now.getTime() + pauseMs);
  return next.getTime() - createdAt.getTime() > GIVE_UP_AFTER_MS ? undefined : next;
}

/** Hours after the announcement at which an open matter is told again; then once a day. */
const REMINDER_HOURS = [1, 3, 9, 24];

/** When the reminder after `reminders` of them is due. */
export function nextReminder(reminders: number, announcedAt: Date): Date {
  const last = REMINDER_HOURS.length - 1;
  const hours = reminders <= last ? REMINDER_HOURS[reminders] : REMINDER_HOURS[last] + 24 * (reminders - last);
  return new Date(announcedAt.getTime() + hours * HOUR_MS);
}
