import { type DisappearanceEvidence, type TerminalFacts } from './evidence.js';
import { isSmallLoss } from './extent.js';
import { type Finding } from './finding.js';
import { count, utc } from './wording.js';

/** A store counts as full from here on, or from one place below its bound. */
const FULL_SHARE = 0.995;

/** The store was full, some arrived, and few vanished: old users made room for new ones. */
export function memoryFull(evidence: DisappearanceEvidence): Finding | undefined {
  const { arrived, lost, before, now, period } = evidence;
  const full = [...fullStores(before, period.after), ...fullStores(now, period.until)];
  if (full.length === 0 || arrived.length === 0 || !isReplacement(evidence)) return undefined;
  return {
    cause: 'memory_full',
    confidence: arrived.length >= lost.length ? 'likely' : 'possible',
    weight: 0.5,
    users: lost,
    evidence: [...full, `${count(arrived.length, 'user')} arrived while ${lost.length} vanished.`],
  };
}

/** Few vanished, or no more than arrived. */
function isReplacement(evidence: DisappearanceEvidence): boolean {
  return isSmallLoss(evidence) || evidence.lost.length <= evidence.arrived.length;
}

function fullStores(facts: TerminalFacts, at: Date): string[] {
  const stores = [
    { thing: 'users', used: facts.users, capacity: facts.userCapacity },
    { thing: 'templates', used: facts.templates, capacity: facts.templateCapacity },
  ];
  return stores
    .filter(
      ({ used, capacity }) => used !== undefined && capacity && used >= Math.min(capacity - 1, capacity * FULL_SHARE),
    )
    .map(({ thing, used, capacity }) => `At ${utc(at)} the terminal held ${used} of at most ${capacity} ${thing}.`);
}
