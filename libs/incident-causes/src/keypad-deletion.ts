import { type DisappearanceEvidence, type UserTraits } from './evidence.js';
import { type Finding } from './finding.js';
import { operationsInPeriod, operatorText, type PlacedOperation } from './log-window.js';
import { ownDeleteOf } from './own-write.js';
import { utc } from './wording.js';

const USER_DELETED = 9;
/** Finger, password and card deleted: some firmware drops a user with the last credential. */
const CREDENTIAL_DELETED: Readonly<Record<number, string>> = {
  10: 'finger deleted',
  11: 'password deleted',
  12: 'card deleted',
};
/** Finger enrolled, password added, card registered, user enrolled. */
const ENROLMENTS: ReadonlySet<number> = new Set([6, 7, 8, 30]);
const OWN_TRACE_MS = 2 * 60_000;

type Key = 'slot' | 'ID';
interface Match {
  readonly user: UserTraits;
  readonly placed: PlacedOperation;
  readonly key: Key;
}

/** Entries of the operation log that name a lost user, by slot or (if no slot fits) by numeric ID, in the period. */
export function keypadDeletion(evidence: DisappearanceEvidence): Finding | undefined {
  const entries = operationsInPeriod(evidence);
  const bySlot = matches(evidence, entries, 'slot');
  const found = bySlot.length > 0 ? bySlot : matches(evidence, entries, 'ID');
  const deleted = found.filter(({ placed }) => placed.operation.operation === USER_DELETED);
  const told = deleted.length > 0 ? deleted : found;
  if (told.length === 0) return undefined;
  const named = deleted.length > 0 && told.every(({ key }) => key === 'slot');
  return {
    cause: 'keypad_deletion',
    confidence: named ? 'proven' : 'likely',
    weight: 0.9,
    users: told.map(({ user }) => user),
    evidence: told.map(sentence),
  };
}

function matches(evidence: DisappearanceEvidence, entries: readonly PlacedOperation[], key: Key): Match[] {
  return evidence.lost.flatMap((user) => {
    const number = key === 'slot' ? user.slot : numericId(user);
    if (number === null) return [];
    const placed =
      entries.findLast(
        (entry) => entry.operation.operation === USER_DELETED && concerns(entry, number, user, evidence),
      ) ??
      entries.findLast(
        (entry) => entry.operation.operation in CREDENTIAL_DELETED && concerns(entry, number, user, evidence),
      );
    return placed === undefined ? [] : [{ user, placed, key }];
  });
}

function concerns(entry: PlacedOperation, number: number, user: UserTraits, evidence: DisappearanceEvidence): boolean {
  if (entry.operation.parameters[0] !== number) return false;
  if (isTraceOfOwnDelete(entry, user, evidence)) return false;
  return !entry.onlyByTolerance || !wasTakenAnew(entry, number, user, evidence);
}

/** A delete of ours leaves an entry without an operator on some firmware: that is no keypad. */
function isTraceOfOwnDelete(entry: PlacedOperation, user: UserTraits, evidence: DisappearanceEvidence): boolean {
  const own = ownDeleteOf(user, evidence);
  return (
    own !== undefined &&
    entry.operation.operator === 0 &&
    Math.abs(own.at.getTime() - entry.at.getTime()) <= OWN_TRACE_MS
  );
}

/** Slots are reused: a deletion just before the last good read was another's if somebody was enrolled there since. */
function wasTakenAnew(
  entry: PlacedOperation,
  number: number,
  user: UserTraits,
  evidence: DisappearanceEvidence,
): boolean {
  if (user.firstSeenAt !== undefined && user.firstSeenAt > entry.at) return true;
  const deletedAt = entry.operation.at?.getTime() ?? 0;
  return (evidence.operations ?? []).some(
    ({ at, operation, parameters }) =>
      ENROLMENTS.has(operation) && parameters[0] === number && at !== null && at.getTime() > deletedAt,
  );
}

function numericId({ deviceUserId }: UserTraits): number | null {
  return /^[0-9]+$/.test(deviceUserId) ? Number(deviceUserId) : null;
}

function sentence({ user, placed, key }: Match): string {
  const { operation, operator } = placed.operation;
  const act = CREDENTIAL_DELETED[operation] ?? 'user deleted';
  const doubt = placed.onlyByTolerance ? ' The terminal’s clock puts it just outside the period.' : '';
  const whose =
    key === 'slot' ? `slot ${user.slot}` : `number ${user.deviceUserId}, which is the ID and may be meant as a slot`;
  return `The operation log notes “${act}” (${operation}) by ${operatorText(operator)} at ${utc(placed.at)} for ${whose}: user ${user.deviceUserId}.${doubt}`;
}
