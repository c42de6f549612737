import { type DisappearanceEvidence } from './evidence.js';
import { type Finding } from './finding.js';
import { findRecurrence } from './recurrence.js';
import { between, span, utc } from './wording.js';

const MOST_TIMES = 5;
const MANY = 4;

/** Earlier removals that were not ours recur with a period, and this one falls into their round. */
export function otherProgram(evidence: DisappearanceEvidence): Finding | undefined {
  const removals = evidence.foreignChanges.filter(
    ({ departed, until }) => departed > 0 && until <= evidence.period.after,
  );
  const recurrence = findRecurrence(removals, evidence.period);
  if (recurrence === undefined) return undefined;
  const { periodMs, fits } = recurrence;
  const times = fits.slice(-MOST_TIMES).map((change) => between(change));
  return {
    cause: 'other_program',
    confidence: fits.length >= MANY ? 'likely' : 'possible',
    weight: 0.7,
    users: evidence.lost,
    evidence: [
      `${fits.length} of ${removals.length} earlier removals that were not ours recur every ${span(periodMs)}: ${times.join('; ')}.`,
      `This one, ${between(evidence.period)}, falls into that round.`,
      ownSessionsSay(evidence),
    ],
  };
}

function ownSessionsSay({ ownSessions }: DisappearanceEvidence): string {
  if (ownSessions.length === 0) return 'Holdfast itself did not hold the terminal meanwhile.';
  const held = ownSessions.map(({ from, until, service }) => `${service} from ${utc(from)} to ${utc(until)}`);
  return `Our own sessions in that time removed nobody: ${held.join('; ')}.`;
}
