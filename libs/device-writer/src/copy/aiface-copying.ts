import { type AifaceCounters, credentialKind, type ListedUser } from '@app/aiface-protocol';
import { IncompleteReadError } from '@app/device-gateway';
import { type AifaceCredentialSession } from '@app/device-gateway/sessions';
import { compareDeviceUserIds } from '@app/kernel';
import { aifaceSnapshot, aifaceUserOf, decodeAifaceUser } from '../aiface/aiface-snapshot.js';
import { type CopyFacts } from '../terminal-copy.js';
import { type UserSnapshot } from '../user-snapshot.js';
import { type Copying, type Sitting } from './copying.js';
import { type SealedSpool, type SpoolPlace } from './sealed-spool.js';
import { type CopyContents } from './spooled-copy.js';

/** What must be the same at both ends of every sitting. */
interface Sight {
  readonly users: readonly ListedUser[];
  readonly counters: AifaceCounters;
  readonly text: string;
}

/**
 * Copies an AiFace terminal: the list at both ends of every sitting, and in between one user after the other with every
 * credential, from where the last sitting ended. All these lists must be equal, and nobody may have been enrolled meanwhile.
 */
export class AifaceCopying implements Copying<AifaceCredentialSession> {
  private first?: Sight;
  private facts?: CopyFacts;
  private readonly places: SpoolPlace[] = [];
  private readonly withheld: string[] = [];

  constructor(
    private readonly spool: SealedSpool,
    private readonly now: () => Date,
  ) {}

  async sit(session: AifaceCredentialSession, sitting: Sitting): Promise<boolean> {
    sitting.onProgress({ stage: 'listing', done: this.places.length, of: 0, unit: 'users' });
    const sight = await look(session);
    using enrolments = session.watchEnrolments();
    this.first ??= sight;
    requireSame(this.first, sight);
    const { users } = this.first;
    let isFirst = true;
    while (this.places.length < users.length && (isFirst || sitting.mayGoOn())) {
      isFirst = false;
      await this.copyUser(session, users[this.places.length]);
      sitting.onProgress({ stage: 'credentials', done: this.places.length, of: users.length, unit: 'users' });
    }
    const after = await look(session);
    requireSame(this.first, after);
    if (enrolments.ids.size > 0) throw changed();
    this.facts = this.factsOf(session, after);
    return this.places.length === users.length;
  }

  finish(): CopyContents {
    const { first, facts, places, spool } = this;
    if (!first || !facts) throw new TypeError('A copy that was never begun cannot be finished');
    return {
      facts: { ...facts, lacking: [...this.withheld] },
      ids: first.users.map(({ enrollId }) => enrollId),
      async snapshotAt(place): Promise<UserSnapshot> {
        return aifaceSnapshot(decodeAifaceUser(await spool.read(places[place])));
      },
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spool[Symbol.asyncDispose]();
  }

  private async copyUser(session: AifaceCredentialSession, listed: ListedUser): Promise<void> {
    const read = await session.readUser(listed, (number) =>
      this.withheld.push(
        `${credentialKind(number)} ${number} of user ${listed.enrollId}, which the terminal does not give`,
      ),
    );
    const user = aifaceUserOf(read, 'everything', session.info?.fingerprintAlgorithm);
    this.places.push(await this.spool.append(aifaceSnapshot(user).bytes));
  }

  private factsOf({ identity, info }: AifaceCredentialSession, { users, counters }: Sight): CopyFacts {
    return {
      identity,
      protocol: 'aiface',
      fingerprintAlgorithm: info?.fingerprintAlgorithm ?? null,
      recordWidth: null,
      counters: {
        users: counters.users ?? users.length,
        templates: counters.fingerprints,
        punches: counters.punches,
        faces: counters.faces,
        userCapacity: info?.capacity.users,
        templateCapacity: info?.capacity.fingerprints,
      },
      lacking: [],
      readAt: this.now(),
    };
  }
}

async function look(session: AifaceCredentialSession): Promise<Sight> {
  const { users: listed, counters } = await session.readList();
  const users = listed.toSorted((a, b) => compareDeviceUserIds(a.enrollId, b.enrollId));
  const rows = users.map(({ rawEnrollId, admin, backupNumbers }) => [
    rawEnrollId,
    admin,
    backupNumbers.toSorted((a, b) => a - b),
  ]);
  const { punches: _log, newPunches: _new, ...counted } = counters;
  return { users, counters, text: JSON.stringify([rows, counted]) };
}

function requireSame(first: Sight, now: Sight): void {
  if (first.text !== now.text) throw changed();
}

function changed(): IncompleteReadError {
  return new IncompleteReadError(
    'list-changed',
    'Users of the terminal were changed while it was copied; copy it again when nobody is at its keypad',
  );
}
