import {
  type AifaceCounters,
  decodeCapacity,
  decodeCounters,
  decodeLogRecord,
  type ListedCredential,
  type LogRecord,
  PageCollector,
  type ReadCommand,
  textField,
} from '@app/aiface-protocol';
import { parseWallTime, type WallTime } from '@app/kernel';
import { type CompletePunchRead, type LogPosition } from '../../complete-punch-read.js';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { DeviceReader, type PunchReadOptions, type UserReadOptions } from '../../device-reader.js';
import { type DialInTarget } from '../../device-target.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import {
  completeAifaceRead,
  dayOf,
  proveAifaceList,
  proveAifaceLog,
  type ProvenAifaceList,
} from '../../prove-aiface.js';
import { readDetails } from './user-details.js';
import {
  type AifaceSession,
  askOptional,
  type PagedList,
  readAllIds,
  readPages,
  readUserList,
  refusal,
} from './user-list.js';

/** The largest log that such terminals hold is half a million entries. */
const MOST_LOG_ENTRIES = 2_000_000;

/** A read session on the connection that an AiFace terminal holds. It ends with the connection: nothing is resumed. */
export class AifaceReader extends DeviceReader {
  readonly identity: DeviceIdentity;

  constructor(
    private readonly target: DialInTarget,
    private readonly session: AifaceSession,
  ) {
    super();
    const { model, firmware } = session.connection.info ?? {};
    this.identity = { serialNumber: target.serialNumber, model, firmware };
  }

  /** Counts, reads the list, counts again, and proves that these belong together; then asks for names and cards. */
  async readUsers({ onProgress, detailsReadAt = new Map() }: UserReadOptions = {}): Promise<CompleteUserRead> {
    const startedAt = performance.now();
    let receivedBytes = 0;
    onProgress?.({ stage: 'counting', receivedBytes });
    using enrolments = this.session.connection.watchEnrolments();
    const before = await this.freshCounters();
    if (!before && !this.target.weakerProof) throw this.noCounter('its firmware has no getdevcap');
    const list = await readUserList(this.session, (bytes) => {
      receivedBytes = bytes;
      onProgress?.({ stage: 'reading', receivedBytes });
    });
    onProgress?.({ stage: 'proving', receivedBytes });
    const after = before && (await this.freshCounters());
    const counters = before && after ? { before, after } : await this.requireEqualLists(list);
    const proven = proveAifaceList({
      serialNumber: this.target.serialNumber,
      entries: list.records,
      pages: list.pages,
      ...counters,
      witness: before ? 'fresh-counters' : 'equal-lists',
      allIds: await this.idsOfMissing(list, counters.after),
      enrolledMeanwhile: enrolments.ids,
      durationMs: Math.round(performance.now() - startedAt),
    });
    return this.withDetails(proven, detailsReadAt, (done, of) =>
      onProgress?.({ stage: 'reading_details', receivedBytes, details: { done, of } }),
    );
  }

  async readPunches(
    _users: CompleteUserRead,
    { onProgress, position }: PunchReadOptions = {},
  ): Promise<CompletePunchRead> {
    const onReceived = (receivedBytes: number): void => onProgress?.({ stage: 'reading_punches', receivedBytes });
    if (position) {
      try {
        return await this.readLog(onReceived, position);
      } catch (error) {
        // Its clock was set back, its log was cleared, or the like: then only the whole log can tell.
        if (!(error instanceof IncompleteReadError) || error.reason !== 'counter-mismatch') throw error;
      }
    }
    return this.readLog(onReceived);
  }

  async readCounters(): Promise<DeviceCounters> {
    const counters = await this.freshCounters();
    const { users, fingerprints, punches, faces } = counters ?? this.session.connection.info?.counters ?? {};
    if (users === undefined) throw new DeviceError('device/refused', 'The terminal does not count its users');
    const userCapacity = this.session.connection.info?.capacity.users;
    return { users, templates: fingerprints, punches, faces, userCapacity };
  }

  async readClock(): Promise<WallTime> {
    const { connection, timeouts, signal } = this.session;
    const reply = await connection.ask({ cmd: 'gettime' }, timeouts.replyMs, signal);
    const time = parseWallTime(textField(reply.fields, 'time')?.trim() ?? '');
    if (!time) throw refusal(reply, 'its time');
    return time;
  }

  /**
   * The connection is the terminal's and stays. But one on which a reply may still come is of no use for another read,
   * unless we can do without that reply; the terminal dials again within seconds.
   */
  async close(): Promise<void> {
    const { connection } = this.session;
    const { silent } = connection.optional;
    const harmless = (command: ReadCommand['cmd']): boolean => this.target.weakerProof && silent.has(command);
    if ([...connection.overdue].every(harmless)) return;
    const why = 'A reply was overdue at the end of a read; the terminal dials again';
    connection.end(new DeviceError('device/connection-lost', why));
  }

  /** Undefined: the firmware cannot count itself while it is connected. */
  private async freshCounters(): Promise<AifaceCounters | undefined> {
    const { connection } = this.session;
    const reply = await askOptional(this.session, { cmd: 'getdevcap' });
    // Answered once, it must be answered always: a refusal is no reason to believe less.
    if (!reply && connection.optional.answered.has('getdevcap'))
      throw this.noCounter('it refuses getdevcap, which it has answered before');
    if (reply && connection.info) {
      const told = decodeCapacity(reply.fields);
      connection.info = { ...connection.info, capacity: { ...connection.info.capacity, ...definedOf(told) } };
    }
    return reply && decodeCounters(reply.fields);
  }

  /** The weaker proof, where it is allowed: the list a second time, and the counters of the registration. */
  private async requireEqualLists(
    list: PagedList<ListedCredential>,
  ): Promise<{ readonly before: AifaceCounters; readonly after: AifaceCounters }> {
    const { connection } = this.session;
    if (!list.endTold) throw new IncompleteReadError('no-end', 'The terminal fell silent in its list; read it again');
    const again = await readUserList(this.session, () => undefined);
    if (!again.endTold || JSON.stringify(again.records) !== JSON.stringify(list.records)) {
      throw new IncompleteReadError('list-changed', 'Two lists of the terminal differ; read it again');
    }
    const counters = connection.info?.counters ?? {};
    return { before: counters, after: counters };
  }

  private noCounter(why: string): IncompleteReadError {
    return new IncompleteReadError(
      'no-counter',
      `The terminal does not tell how many users it has (${why}), so that no list of it is proven; newer firmware does, ` +
        'or allow the weaker proof with AIFACE_PROOF=equal-lists',
    );
  }

  /** Asked for only where the list is short: it tells who has no credential. */
  private async idsOfMissing(
    { records }: PagedList<ListedCredential>,
    { users }: AifaceCounters,
  ): Promise<ReturnType<typeof readAllIds>> {
    const listed = new Set(records.map(({ enrollId }) => enrollId)).size;
    return users !== undefined && listed < users ? readAllIds(this.session) : undefined;
  }

  private async withDetails(
    proven: ProvenAifaceList,
    readAt: NonNullable<UserReadOptions['detailsReadAt']>,
    onProgress: (done: number, of: number) => void,
  ): Promise<CompleteUserRead> {
    return completeAifaceRead(proven, await readDetails(this.session, proven.users, readAt, onProgress));
  }

  private async readLog(onReceived: (bytes: number) => void, position?: LogPosition): Promise<CompletePunchRead> {
    const startedAt = performance.now();
    const before = await this.freshCounters();
    const since = position?.day;
    const collector = new PageCollector<LogRecord>({ limit: MOST_LOG_ENTRIES });
    const list = await readPages(
      this.session,
      (page) => ({ cmd: 'getalllog', stn: page === 1, ...(page === 1 && since ? { from: since } : {}) }),
      collector,
      decodeLogRecord,
      onReceived,
    );
    if (!('records' in list)) throw refusal(list, 'its log');
    // Firmware that knows no days gives the whole log: then that is what has been read.
    const partial = since !== undefined && list.records.every(({ time }) => dayOf(time) >= since);
    const after = before && (await this.freshCounters());
    // Where the weaker proof is allowed, a log that came to its announced end counts for itself.
    const weaker = !before && this.target.weakerProof && list.endTold ? list.records.length : undefined;
    return proveAifaceLog({
      entries: list.records,
      counterBefore: before ? before.punches : weaker,
      counterAfter: after ? after.punches : weaker,
      since: partial && before ? position : undefined,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }
}

function definedOf<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
