import { parseWallTime, type WallTime } from '@app/kernel';
import { type DisappearanceEvidence, type TerminalFacts } from './evidence.js';
import { isEmptied, isMassLoss } from './extent.js';
import { type Finding } from './finding.js';
import { operationsInPeriod, operatorText } from './log-window.js';
import { between, count, utc } from './wording.js';

const DATA_CLEARED = 13;
const FACTORY_RESET = 22;
const DAY_MS = 86_400_000;
/** Wide enough for any time zone. */
const RIGHT_CLOCK_MS = 2 * DAY_MS;
const ABSURD_CLOCK_MS = 366 * DAY_MS;

/** Operation 13: the data were cleared at the terminal. */
export function dataCleared(evidence: DisappearanceEvidence): Finding | undefined {
  return loggedClearing(evidence, DATA_CLEARED, 'data_cleared', 'data cleared');
}

/** Operation 22, or a clock at an absurd date that was right before, with hardly anybody left. */
export function factoryReset(evidence: DisappearanceEvidence): Finding | undefined {
  const logged = loggedClearing(evidence, FACTORY_RESET, 'factory_reset', 'factory reset');
  const clock = clockFellBack(evidence);
  const zeros = countersAtZero(evidence);
  if (logged !== undefined)
    return { ...logged, evidence: [...logged.evidence, ...[clock, zeros].filter((s) => s !== undefined)] };
  // Without power a clock falls back too, but the users stay: it takes both.
  if (clock === undefined || !isEmptied(evidence)) return undefined;
  return {
    cause: 'factory_reset',
    confidence: 'likely',
    weight: 0.9,
    users: evidence.lost,
    evidence: [clock, left(evidence), ...(zeros === undefined ? [] : [zeros])],
  };
}

/** The sentence that tells it, if the clock was right before and shows an absurd date now. */
export function clockFellBack({ before, now, period }: DisappearanceEvidence): string | undefined {
  const offBefore = clockOffMs(before, period.after);
  const offNow = clockOffMs(now, period.until);
  if (offBefore === undefined || offNow === undefined) return undefined;
  if (Math.abs(offBefore) > RIGHT_CLOCK_MS || offNow > -ABSURD_CLOCK_MS) return undefined;
  const shown = now.clockShows ?? utc(new Date(period.until.getTime() + offNow));
  return `The terminal’s clock was right at ${utc(period.after)} and showed ${shown} at ${utc(period.until)}.`;
}

function loggedClearing(
  evidence: DisappearanceEvidence,
  operation: number,
  cause: 'data_cleared' | 'factory_reset',
  act: string,
): Finding | undefined {
  const entry = operationsInPeriod(evidence).findLast((placed) => placed.operation.operation === operation);
  if (entry === undefined) return undefined;
  const told = `The operation log notes “${act}” (${operation}) by ${operatorText(entry.operation.operator)} at ${utc(entry.at)}.`;
  const mass = isEmptied(evidence) || isMassLoss(evidence.lost.length, evidence.knownUsers);
  return {
    cause,
    confidence: mass ? 'proven' : 'possible',
    weight: cause === 'factory_reset' ? 1 : 0.95,
    users: evidence.lost,
    evidence: [told, left(evidence)],
  };
}

function countersAtZero({ before, now }: DisappearanceEvidence): string | undefined {
  if (now.users !== 0 || now.punches !== 0 || !before.punches) return undefined;
  return `Its counters stand at 0 users and 0 punches; before, its punch counter stood at ${before.punches}.`;
}

function left({ lost, knownUsers, remainingUsers, period }: DisappearanceEvidence): string {
  return `${lost.length} of ${count(knownUsers, 'user')} vanished ${between(period)}; ${remainingUsers} remained.`;
}

/** Negative: behind. Undefined: not told. */
function clockOffMs({ clockDriftSeconds, clockShows }: TerminalFacts, at: Date): number | undefined {
  if (clockDriftSeconds !== undefined) return clockDriftSeconds * 1000;
  const shown = clockShows === undefined ? undefined : parseWallTime(clockShows);
  return shown === undefined ? undefined : approximate(shown) - at.getTime();
}

function approximate({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
