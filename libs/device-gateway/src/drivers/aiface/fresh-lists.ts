import { DeviceError } from '../../device.errors.js';
import { type AifaceSessions } from './aiface-sessions.js';
import { type AifaceSession } from './user-list.js';

/** How long a terminal may take to dial again, in the time of replies: 5 to 20 s on real ones. */
const REDIAL_REPLIES = 2;

/**
 * The session of a terminal that may end its lists by silence, and so gives one list a connection. Then the connection is
 * ended before the next list is wanted, and the terminal dials again within seconds; it is the same terminal by its serial
 * number. No write may be under way.
 */
export class FreshLists {
  constructor(
    private readonly serialNumber: string,
    private readonly sessions: AifaceSessions,
    /** As it is now. */
    public session: AifaceSession,
  ) {}

  /** The session on a connection that can give a list. @throws {DeviceError} `device/not-connected` */
  async fresh(): Promise<AifaceSession> {
    const { connection, timeouts, signal } = this.session;
    if (connection.ended || !connection.overdue.has('getuserlist')) return this.session;
    const next = this.sessions.next(this.serialNumber, REDIAL_REPLIES * timeouts.replyMs, signal);
    connection.end(new DeviceError('device/connection-lost', 'A list is wanted anew; the terminal dials again'));
    this.session = { ...this.session, connection: await next };
    return this.session;
  }
}
