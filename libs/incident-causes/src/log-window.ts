import { type DisappearanceEvidence, type LoggedOperation } from './evidence.js';

const MINUTE_MS = 60_000;
/** A clock measured before and after leaves the second of the measurement and what a quartz loses meanwhile. */
const KNOWN_CLOCK_MS = MINUTE_MS;
/** Terminals date by whole seconds, and so is their clock read. */
const RESOLUTION_MS = 2_000;
/** An unmeasured clock may be minutes off; further off than this, its entries prove nothing. */
const UNKNOWN_CLOCK_MS = 10 * MINUTE_MS;

/** An entry of the operation log that lies in the period, and where. */
export interface PlacedOperation {
  readonly operation: LoggedOperation;
  readonly at: Date;
  /** Whether only the tolerance for the clock puts it into the period. */
  readonly onlyByTolerance: boolean;
}

/** By how much an entry may lie outside the period and still belong to it, in milliseconds. */
export function clockToleranceMs({ before, now }: DisappearanceEvidence): number {
  const measured = before.clockDriftSeconds !== undefined && now.clockDriftSeconds !== undefined;
  return measured ? KNOWN_CLOCK_MS : UNKNOWN_CLOCK_MS;
}

/** The entries in the period, oldest first. Those without a date prove nothing about when, and are left out. */
export function operationsInPeriod(evidence: DisappearanceEvidence): PlacedOperation[] {
  return (evidence.operations ?? [])
    .map((operation) => place(operation, evidence))
    .filter((placed) => placed !== undefined)
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}

/**
 * If the clock was set meanwhile, an entry was dated by one drift and corrected by the other: both moments are tried, and
 * the one that lies in the period counts.
 */
function place(operation: LoggedOperation, evidence: DisappearanceEvidence): PlacedOperation | undefined {
  if (operation.at === null) return undefined;
  const at = operation.at.getTime();
  const stepMs = ((evidence.now.clockDriftSeconds ?? 0) - (evidence.before.clockDriftSeconds ?? 0)) * 1000;
  const wasSet = evidence.before.clockDriftSeconds !== undefined && evidence.now.clockDriftSeconds !== undefined;
  const moments = wasSet && Math.abs(stepMs) > KNOWN_CLOCK_MS ? [at, at + stepMs, at - stepMs] : [at];
  const { after, until } = evidence.period;
  const within = (moment: number, ms: number): boolean =>
    moment >= after.getTime() - ms && moment <= until.getTime() + ms;
  const inside = moments.find((moment) => within(moment, RESOLUTION_MS));
  if (inside !== undefined) return { operation, at: new Date(inside), onlyByTolerance: false };
  const tolerance = clockToleranceMs(evidence);
  const near = moments.find((moment) => within(moment, tolerance));
  return near === undefined ? undefined : { operation, at: new Date(near), onlyByTolerance: true };
}

/** `administrator 3`, or what it means that there is none. */
export function operatorText(operator: number): string {
  return operator === 0 ? 'nobody who had to identify (operator 0)' : `operator ${operator}`;
}
