import { decodeLogRecord, type LogRecord, PageCollector, textField } from '@app/aiface-protocol';
import { parseWallTime, type WallTime } from '@app/kernel';
import { type CompletePunchRead, type LogPosition } from '../../complete-punch-read.js';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { DeviceReader, type PunchReadOptions, type UserReadOptions } from '../../device-reader.js';
import { type DialInTarget } from '../../device-target.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import { completeAifaceRead, dayOf, proveAifaceLog, type ProvenAifaceList } from '../../prove-aiface.js';
import { leaveConnection, readFreshCounters, readProvenList } from './proven-list.js';
import { readDetails } from './user-details.js';
import { type AifaceSession, readPages, refusal } from './user-list.js';

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
    let receivedBytes = 0;
    const { proven } = await readProvenList(this.session, this.target, {
      onProgress: (progress) => {
        receivedBytes = progress.receivedBytes;
        onProgress?.(progress);
      },
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
    const counters = await readFreshCounters(this.session);
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

  async close(): Promise<void> {
    leaveConnection(this.session, this.target);
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
    const before = await readFreshCounters(this.session);
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
    const after = before && (await readFreshCounters(this.session));
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
