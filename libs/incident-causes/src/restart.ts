import { type DisappearanceEvidence, type UserTraits } from './evidence.js';
import { clockFellBack } from './clearing.js';
import { type Finding } from './finding.js';
import { operationsInPeriod } from './log-window.js';
import { ids, span, utc } from './wording.js';

const POWERED: Readonly<Record<number, string>> = { 0: 'switched on', 1: 'switched off' };
const ENROLMENTS: ReadonlySet<number> = new Set([6, 7, 8, 30]);
/** What a terminal needs to start lies between these; longer is a network that was away. */
const SHORTEST_START_MS = 10_000;
const LONGEST_START_MS = 15 * 60_000;
/** Who was entered longer ago has been saved. */
const NEW_MS = 86_400_000;

/** A start alone explains little; if exactly the newest users are missing, they had not been saved. */
export function restart(evidence: DisappearanceEvidence): Finding | undefined {
  const signs = signsOfRestart(evidence);
  if (signs.length === 0) return undefined;
  const newest = evidence.lost.filter((user) => isNew(user, evidence));
  const onlyNewest = newest.length === evidence.lost.length;
  return {
    cause: 'restart',
    confidence: onlyNewest ? 'likely' : 'possible',
    weight: onlyNewest ? 0.6 : 0.2,
    users: evidence.lost,
    evidence: onlyNewest
      ? [
          ...signs,
          `The lost users had been entered less than ${span(NEW_MS)} before (${ids(newest)}): they may not have been saved.`,
        ]
      : signs,
  };
}

/**
 * A start says so little that it has to lie in the period proper, not only within the tolerance for the clock. A log that was read, works and notes no start speaks against one, whatever the network did.
 */
function signsOfRestart(evidence: DisappearanceEvidence): string[] {
  const logged = operationsInPeriod(evidence)
    .filter(({ operation, onlyByTolerance }) => operation.operation in POWERED && !onlyByTolerance)
    .map(
      ({ operation, at }) =>
        `The operation log notes “${POWERED[operation.operation]}” (${operation.operation}) at ${utc(at)}.`,
    );
  const fellBack = clockFellBack(evidence);
  const power = fellBack === undefined ? [] : [`${fellBack} It had no power.`];
  if (logged.length > 0 || (evidence.operations?.length ?? 0) > 0) return [...logged, ...power];
  const silences = evidence.unreachable
    .map(({ from, until }) => ({ from, lasted: until.getTime() - from.getTime() }))
    .filter(({ lasted }) => lasted >= SHORTEST_START_MS && lasted <= LONGEST_START_MS)
    .map(({ from, lasted }) => `The terminal did not answer for ${span(lasted)} from ${utc(from)}.`);
  return [...silences, ...power];
}

function isNew({ slot, firstSeenAt }: UserTraits, { operations, period }: DisappearanceEvidence): boolean {
  if (firstSeenAt !== undefined) return firstSeenAt.getTime() >= period.after.getTime() - NEW_MS;
  return (operations ?? []).some(
    ({ operation, parameters, at }) =>
      ENROLMENTS.has(operation) && slot !== null && parameters[0] === slot && at !== null && at <= period.after,
  );
}
