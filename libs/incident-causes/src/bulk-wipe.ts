import { type DisappearanceEvidence } from './evidence.js';
import { isMassLoss } from './extent.js';
import { type Finding } from './finding.js';
import { between, count } from './wording.js';

/** Very many at once: the way is not known, but it was one act. */
export function bulkWipe(evidence: DisappearanceEvidence): Finding | undefined {
  const { lost, knownUsers, operations, period } = evidence;
  if (!isMassLoss(lost.length, knownUsers)) return undefined;
  return {
    cause: 'bulk_wipe',
    confidence: 'possible',
    weight: 0.6,
    users: lost,
    evidence: [
      `${lost.length} of ${count(knownUsers, 'user')} vanished ${between(period)}, at once.`,
      logSays(operations),
    ],
  };
}

function logSays(operations: DisappearanceEvidence['operations']): string {
  if (operations === undefined) return 'The terminal has no operation log, or it was not read.';
  if (operations.length === 0)
    return 'The operation log holds nothing of that time; it may have been cleared with the rest.';
  return `The operation log was read; none of its ${operations.length} entries around that time removes so many.`;
}
