import { type DisappearanceEvidence, type OwnWrite, type UserTraits } from './evidence.js';
import { type Finding } from './finding.js';
import { between, utc } from './wording.js';

/** The journal notes the intent, the terminal acts a little later. */
const DONE_NEAR_MS = 5 * 60_000;
/** A write whose answer was lost can reach the terminal late. */
const UNDETERMINED_NEAR_MS = 15 * 60_000;

/** A delete of ours of a lost user near the period, unless a later write of ours put the user back. */
export function ownDeleteOf(user: UserTraits, evidence: DisappearanceEvidence): OwnWrite | undefined {
  const own = evidence.ownWrites
    .filter(
      (write) => write.deviceUserId === user.deviceUserId && write.state !== 'not_done' && isNear(write, evidence),
    )
    .sort((a, b) => b.at.getTime() - a.at.getTime());
  return own[0]?.kind === 'delete' ? own[0] : undefined;
}

/** Deletes of ours: done ones prove it, those whose end is not known make it likely. */
export function ownWrite(evidence: DisappearanceEvidence): Finding | undefined {
  const deletes = evidence.lost.flatMap((user) => {
    const write = ownDeleteOf(user, evidence);
    return write === undefined ? [] : [{ user, write }];
  });
  const done = deletes.filter(({ write }) => write.state === 'done');
  // One finding has one confidence; the users of unfinished writes join only if none is proven.
  const told = done.length > 0 ? done : deletes;
  if (told.length === 0) return undefined;
  return {
    cause: 'own_write',
    confidence: done.length > 0 ? 'proven' : 'likely',
    weight: 1,
    users: told.map(({ user }) => user),
    evidence: [
      ...told.map(({ write }) => sentence(write)),
      `The user list changed ${between(evidence.period)}.`,
      ...deletes.filter((each) => !told.includes(each)).map(({ write }) => `Also, not settled: ${sentence(write)}`),
    ],
  };
}

function isNear({ at, state }: OwnWrite, { period }: DisappearanceEvidence): boolean {
  const near = state === 'done' ? DONE_NEAR_MS : UNDETERMINED_NEAR_MS;
  return at.getTime() >= period.after.getTime() - near && at.getTime() <= period.until.getTime() + near;
}

function sentence({ deviceUserId, at, by, state }: OwnWrite): string {
  const end = { open: 'is still open', done: 'was done', undetermined: 'has no known end', not_done: 'was not done' };
  return `Our journal holds a delete of user ${deviceUserId}, asked for by ${by}, of ${utc(at)}; it ${end[state]}.`;
}
