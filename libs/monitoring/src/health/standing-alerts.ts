import { type TerminalFailure } from './failure-policy.js';
import { type FillForecast } from './fill-forecast.js';
import { type FillKind } from './fill-levels.js';

/** What can be told of an outage; each is told once in it. */
export type ReachAlert = 'failing' | 'paused' | 'replaced';

/** How full something is, the mildest first: full within two weeks, nine tenths full, full. */
const FILL_STAGES = ['soon', 'nearly', 'full'] as const;
export type FillStage = (typeof FILL_STAGES)[number];

/**
 * What administrators have been told of a terminal and that still stands. Stored with its watch, so that nothing is told
 * twice, and all of it is settled once it is over, whichever process sees that.
 */
export interface StandingAlerts {
  readonly reach?: readonly ReachAlert[];
  /** What the clock was off by when that was last told. */
  readonly clockDriftSeconds?: number;
  readonly filling?: Readonly<Partial<Record<FillKind, FillStage>>>;
}

/** Failures in a row after which administrators are told, and after which the terminal is left alone (requirements, 8). */
export const FAILURES_UNTIL_ALERT = 3;
export const FAILURES_UNTIL_PAUSE = 5;

/** What has to be told after a failure. Another terminal is told at once, and is more than that the first cannot be read. */
export function reachAlertsDue(
  failure: TerminalFailure,
  failures: number,
  told: readonly ReachAlert[] = [],
): ReachAlert[] {
  const due: ReachAlert[] = [];
  if (failure === 'replaced') due.push('replaced');
  else if (failures >= FAILURES_UNTIL_ALERT && !told.includes('replaced')) due.push('failing');
  if (failures >= FAILURES_UNTIL_PAUSE) due.push('paused');
  return due.filter((alert) => !told.includes(alert));
}

/** A clock that is further off than the first is told, one that is no further off than the second is right again. */
const WRONG_SECONDS = 60;
const RIGHT_SECONDS = 30;

/** Between the two bounds nothing changes, so that a clock near one of them is not told again and again. */
export function clockAlertDue(driftSeconds: number, told: number | undefined): 'tell' | 'settle' | undefined {
  if (told !== undefined && Math.abs(driftSeconds) <= RIGHT_SECONDS) return 'settle';
  if (Math.abs(driftSeconds - (told ?? 0)) <= WRONG_SECONDS) return undefined;
  return Math.abs(driftSeconds) > WRONG_SECONDS ? 'tell' : undefined;
}

const SOON_DAYS = 14;
const NEARLY_SHARE = 0.9;
/** What was told of is over when it is as far away as this. */
const OVER = { days: 21, share: 0.85 };

/** Each stage is told once, until there is room again. */
export function fillAlertDue(
  { share, daysLeft = Number.POSITIVE_INFINITY }: FillForecast,
  told: FillStage | undefined,
): FillStage | 'settle' | undefined {
  if (told && share < OVER.share && daysLeft > OVER.days) return 'settle';
  const stage = share >= 1 ? 'full' : share >= NEARLY_SHARE ? 'nearly' : daysLeft < SOON_DAYS ? 'soon' : undefined;
  const isWorse = stage && (!told || FILL_STAGES.indexOf(stage) > FILL_STAGES.indexOf(told));
  return isWorse ? stage : undefined;
}
