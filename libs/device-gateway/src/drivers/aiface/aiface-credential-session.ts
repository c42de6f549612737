import { type AifaceCounters, type DeviceInfo, type ListedUser } from '@app/aiface-protocol';
import { type Clock, type DeviceUserId } from '@app/kernel';
import { type DialInTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type AifaceSessions, sessionWith } from './aiface-sessions.js';
import { type AifaceUserRead, readUserOf } from './aiface-user-read.js';
import { FreshLists } from './fresh-lists.js';
import { leaveConnection, readProvenList } from './proven-list.js';
import { type AifaceSession } from './user-list.js';

/** A session on the connection that an AiFace terminal holds, which reads everything of everybody, and can do nothing else. */
export class AifaceCredentialSession implements AsyncDisposable {
  private readonly lists: FreshLists;

  constructor(
    private readonly target: DialInTarget,
    sessions: AifaceSessions,
    session: AifaceSession,
  ) {
    this.lists = new FreshLists(target.serialNumber, sessions, session);
  }

  get identity(): DeviceIdentity {
    const { model, firmware } = this.info ?? {};
    return { serialNumber: this.target.serialNumber, model, firmware };
  }

  get info(): DeviceInfo | undefined {
    return this.lists.session.connection.info;
  }

  /** Every user with the numbers of all credentials, proven by fresh counters and never by less. @throws {IncompleteReadError} @throws {DeviceError} */
  async readList(): Promise<{ readonly users: readonly ListedUser[]; readonly counters: AifaceCounters }> {
    const { proven, counters } = await readProvenList(await this.lists.fresh(), { ...this.target, weakerProof: false });
    return { users: proven.users, counters };
  }

  /**
   * A listed user with every credential that the terminal gives; the others are told.
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  async readUser(listed: ListedUser, onWithheld: (backupNumber: number) => void): Promise<AifaceUserRead> {
    return readUserOf(this.lists.session, listed, () => true, onWithheld);
  }

  /** Notes whom the terminal hands over from now on, until the returned object is disposed of. */
  watchEnrolments(): { readonly ids: ReadonlySet<DeviceUserId> } & Disposable {
    return this.lists.session.connection.watchEnrolments();
  }

  /** The connection is the terminal's, and stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    leaveConnection(this.lists.session, this.target);
  }
}

/** Opens such a session, on the connection that the terminal holds. @throws {DeviceError} `device/not-connected` */
export function openAifaceCredentialSession(
  target: DialInTarget,
  sessions: AifaceSessions,
  how: { readonly timeouts: GatewayTimeouts; readonly clock: Clock; readonly signal?: AbortSignal },
): AifaceCredentialSession {
  return new AifaceCredentialSession(target, sessions, sessionWith(sessions, target.serialNumber, how));
}
