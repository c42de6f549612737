import {
  type AifaceCounters,
  type Credential,
  type DeviceInfo,
  encodeWriteCommand,
  field,
  isWriteOfOneUser,
  type ListedUser,
  parseFields,
  type Reply,
  type WriteCommand,
} from '@app/aiface-protocol';
import { type DeviceUserId } from '@app/kernel';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { type DialInTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { WRITE } from './aiface-connection.js';
import { type AifaceSessions } from './aiface-sessions.js';
import { FreshLists } from './fresh-lists.js';
import { type AifaceUserRead, hasCredential, readCredential, readUserOf } from './aiface-user-read.js';
import { leaveConnection, readFreshCounters, readProvenList } from './proven-list.js';
import { type AifaceSession } from './user-list.js';

/** A write that left, and whose answer never came. */
export interface LostAnswer {
  readonly kind: 'lost';
  readonly error: unknown;
}

/** A proven list. */
export interface AifaceListRead {
  readonly users: readonly ListedUser[];
  readonly counters: AifaceCounters;
}

/**
 * A session on the connection that an AiFace terminal holds, which can also write: what it is armed with, in that order, each
 * once. Lists are believed for fresh counters only, never for the weaker proof.
 */
export class AifaceWriteSession {
  private armed: string[] = [];

  private readonly lists: FreshLists;

  constructor(
    private readonly target: DialInTarget,
    sessions: AifaceSessions,
    session: AifaceSession,
  ) {
    this.lists = new FreshLists(target.serialNumber, sessions, session);
  }

  private get session(): AifaceSession {
    return this.lists.session;
  }

  get identity(): DeviceIdentity {
    const { model, firmware } = this.info ?? {};
    return { serialNumber: this.target.serialNumber, model, firmware };
  }

  get info(): DeviceInfo | undefined {
    return this.session.connection.info;
  }

  /** Every user with the numbers of all credentials, proven. @throws {IncompleteReadError} @throws {DeviceError} */
  async readList(): Promise<AifaceListRead> {
    const { proven, counters } = await readProvenList(await this.lists.fresh(), { ...this.target, weakerProof: false });
    return { users: proven.users, counters };
  }

  /** As readUsersOf, of one user; undefined: proven to be absent. @throws {IncompleteReadError} @throws {DeviceError} */
  async readUser(id: DeviceUserId, wanted: (backupNumber: number) => boolean): Promise<AifaceUserRead | undefined> {
    return (await this.readUsersOf(new Set([id]), wanted)).reads.get(id);
  }

  /**
   * A proven list, and these credentials of some of its users, between two equal counts and without an enrolment of them
   * meanwhile; whoever of them has no read is proven to be absent.
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  async readUsersOf(
    ids: ReadonlySet<DeviceUserId>,
    wanted: (backupNumber: number) => boolean,
  ): Promise<AifaceListRead & { readonly reads: ReadonlyMap<DeviceUserId, AifaceUserRead> }> {
    await this.lists.fresh();
    using enrolments = this.session.connection.watchEnrolments();
    const { users, counters } = await this.readList();
    const reads = new Map<DeviceUserId, AifaceUserRead>();
    for (const listed of users.filter(({ enrollId }) => ids.has(enrollId)))
      reads.set(listed.enrollId, await readUserOf(this.session, listed, wanted));
    if (reads.size === 0) return { users, counters, reads };
    const after = await readFreshCounters(this.session);
    const { punches: _log, newPunches: _new, ...counted } = counters;
    const moved = Object.keys(counted).some((kind) => counters[kind as 'users'] !== after?.[kind as 'users']);
    const enrolled = [...reads.keys()].filter((id) => enrolments.ids.has(id));
    if (!moved && enrolled.length === 0) return { users, counters, reads };
    const [first] = enrolled.length > 0 ? enrolled : reads.keys();
    throw new IncompleteReadError(
      'list-changed',
      `Somebody was enrolled or deleted while user ${first} was read; read it again when they are done`,
      { deviceUserId: first },
    );
  }

  /** The terminal's counters as they are now. @throws {DeviceError} it does not tell them */
  async readCounters(): Promise<AifaceCounters> {
    const counters = await readFreshCounters(this.session);
    if (counters) return counters;
    throw new DeviceError('device/refused', 'The terminal does not tell its counters any more; read it again');
  }

  /** Notes whom the terminal hands over from now on, on this connection, until the returned object is disposed of. */
  watchEnrolments(): { readonly ids: ReadonlySet<DeviceUserId> } & Disposable {
    return this.session.connection.watchEnrolments();
  }

  /** A user as he is now, asked for without the list: these credentials of his, and no others. @throws as readUser */
  async readAgain(listed: ListedUser, wanted: (backupNumber: number) => boolean): Promise<AifaceUserRead> {
    return readUserOf(this.session, listed, wanted);
  }

  /** @throws {IncompleteReadError} @throws {DeviceError} */
  async readCredential(id: DeviceUserId, backupNumber: number): Promise<Credential> {
    return readCredential(this.session, id, backupNumber);
  }

  /** @throws {DeviceError} */
  async hasCredential(id: DeviceUserId, backupNumber: number): Promise<boolean> {
    return hasCredential(this.session, id, backupNumber);
  }

  /**
   * Lets these writes leave, in their order and each once, until the returned object is disposed of.
   * @throws {DeviceError} `device/command-not-allowed`: one of them is no write of one user
   */
  arm(commands: readonly WriteCommand[]): Disposable {
    const texts = commands.map(encodeWriteCommand);
    if (!texts.every((text) => isWriteOfOneUser(parseFields(text)))) throw notAllowed('it was to be armed with');
    this.armed = texts;
    return { [Symbol.dispose]: () => void (this.armed = []) };
  }

  /**
   * Sends a write that is armed, and gives the reply, or that it was lost.
   * @throws {DeviceError} it has not left
   */
  async write(command: WriteCommand): Promise<Reply | LostAnswer> {
    if (this.armed.at(0) !== encodeWriteCommand(command)) throw notAllowed(`it was not armed with (${command.cmd})`);
    this.armed.shift();
    const { connection, timeouts, signal } = this.session;
    let left = false;
    try {
      const patienceMs = timeouts.writeMs ?? timeouts.replyMs;
      const reply = await connection[WRITE](command, patienceMs, signal, () => (left = true));
      if (field(reply.fields, 'enrollid') === undefined || field(reply.fields, 'backupnum') === undefined)
        await this.drainReplies();
      return reply;
    } catch (error) {
      if (!left) throw error;
      return { kind: 'lost', error };
    }
  }

  /** The connection is the terminal's, and stays. */
  close(): void {
    leaveConnection(this.session, this.target);
  }

  /**
   * A reply that does not say what it answers could come twice, and be taken for that to the next write. The question after it makes
   * sure that no other is on its way.
   */
  private async drainReplies(): Promise<void> {
    const { connection, timeouts } = this.session;
    try {
      await connection.ask({ cmd: 'gettime' }, timeouts.replyMs);
    } catch {
      connection.end(
        new DeviceError('device/connection-lost', 'The terminal fell silent after a write; it dials again'),
      );
    }
  }
}

function notAllowed(what: string): DeviceError {
  return new DeviceError('device/command-not-allowed', `A write session may not send what ${what}`);
}
