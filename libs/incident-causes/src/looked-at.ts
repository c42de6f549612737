import { type DisappearanceEvidence, type TerminalFacts } from './evidence.js';
import { between, count, utc } from './wording.js';

/** What was looked at and showed nothing, a sentence each, and what could not be looked at. */
export function lookedAt(evidence: DisappearanceEvidence): string[] {
  const { before, now, foreignChanges, arrived, unreachable, period, operations } = evidence;
  return [
    `Our journal holds no delete of these users that was done or may have been done ${between(period)}.`,
    operations === undefined
      ? 'The terminal’s operation log was not read, or it has none.'
      : `The operation log was read: none of its ${operations.length} entries around that time removes these users.`,
    fact('serial number', before.serialNumber, now.serialNumber),
    fact('firmware', before.firmware, now.firmware),
    counters(now, period.until),
    `${count(arrived.length, 'user')} arrived; none of them shows a template, card or name of these users.`,
    `${count(foreignChanges.length, 'earlier change')} not made by us: this one fits no period of theirs.`,
    ...unreachable.map(({ from, until }) => `The terminal could not be reached ${between({ after: from, until })}.`),
  ];
}

function fact(name: string, before: string | undefined, now: string | undefined): string {
  if (!before || !now) return `The terminal’s ${name} is not known for both times.`;
  return before === now ? `The ${name} is the same, ${now}.` : `The ${name} changed from ${before} to ${now}.`;
}

function counters({ users, userCapacity }: TerminalFacts, at: Date): string {
  if (users === undefined || userCapacity === undefined) return 'How full the terminal is, is not known.';
  return `At ${utc(at)} the terminal held ${users} of at most ${userCapacity} users.`;
}
