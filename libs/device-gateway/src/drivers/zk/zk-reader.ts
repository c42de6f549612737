import { type WallTime } from '@app/kernel';
import { type BufferedRead, Command, decodeUserSet, PUNCHES_READ, USERS_READ } from '@app/zk-protocol';
import { type CompletePunchRead } from '../../complete-punch-read.js';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { DeviceReader, type ReadOptions } from '../../device-reader.js';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { nameDecoder } from '../../name-encoding.js';
import { proveUserRead } from '../../prove.js';
import { provePunchRead } from '../../prove-punches.js';
import { type BulkSet, type DirectRead, readBulkSet } from './bulk-read.js';
import { type ReadOnlyChannel } from './read-only-channel.js';
import { userRecordWidth } from './user-width.js';
import { readFreeSizes, readTime } from './zk-session.js';

const CHUNK_BYTES = 65_536;
const SET_LENGTH_BYTES = 4;
const ALL_USERS_DIRECT = { command: Command.USERTEMP_READ, data: Buffer.from([5]) };
const ALL_PUNCHES_DIRECT = { command: Command.ATTLOG_READ, data: Buffer.alloc(0) };

/** An open session with a ZK terminal through our own driver. */
export class ZkReader extends DeviceReader {
  constructor(
    readonly identity: DeviceIdentity,
    private readonly target: AddressTarget,
    private readonly channel: ReadOnlyChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {
    super();
  }

  /** Counts, reads all records, counts again, and proves that these belong together. The terminal stays usable. */
  async readUsers({ onProgress }: ReadOptions = {}): Promise<CompleteUserRead> {
    const startedAt = performance.now();
    onProgress?.({ stage: 'counting', receivedBytes: 0 });
    const { users: counterBefore } = await readFreeSizes(this.channel);
    const set = await this.readSet(USERS_READ, ALL_USERS_DIRECT, (progress) =>
      onProgress?.({ stage: 'reading', ...progress }),
    );
    onProgress?.({ stage: 'proving', receivedBytes: set.bytes.length, totalBytes: set.announcedBytes });
    const { users: counterAfter } = await readFreeSizes(this.channel);
    if (counterBefore === counterAfter && !set.orderProven)
      await this.requireSameAgain(set, USERS_READ, ALL_USERS_DIRECT);
    const { width, records } = decodeRecords(set, counterBefore, counterAfter);
    return proveUserRead(
      {
        records,
        counterBefore,
        counterAfter,
        announcedBytes: set.announcedBytes,
        receivedBytes: set.bytes.length,
        recordWidthBytes: width,
        serialNumber: this.identity.serialNumber,
        driver: this.target.driver,
        transport: this.target.transport,
        durationMs: Math.round(performance.now() - startedAt),
      },
      nameDecoder(this.target.encoding),
    );
  }

  /** Counts, reads the log, counts again. A counter of 0 is no reason not to read: it may lie. */
  async readPunches(users: CompleteUserRead, { onProgress }: ReadOptions = {}): Promise<CompletePunchRead> {
    const startedAt = performance.now();
    const counterBefore = await this.punchCounter();
    const set = await this.readSet(PUNCHES_READ, ALL_PUNCHES_DIRECT, (progress) =>
      onProgress?.({ stage: 'reading_punches', ...progress }),
    );
    const counterAfter = await this.punchCounter();
    if (!set.orderProven) await this.requireSameAgain(set, PUNCHES_READ, ALL_PUNCHES_DIRECT);
    return provePunchRead(
      {
        bytes: recordsOf(set, 'punch log'),
        counterBefore,
        counterAfter,
        announcedBytes: set.announcedBytes,
        receivedBytes: set.bytes.length,
        durationMs: Math.round(performance.now() - startedAt),
      },
      users,
    );
  }

  async readCounters(): Promise<DeviceCounters> {
    const { users, templates, punches, userCapacity, faces } = await readFreeSizes(this.channel);
    return { users, templates, punches, userCapacity, faces };
  }

  async readClock(): Promise<WallTime> {
    return readTime(this.channel);
  }

  async close(): Promise<void> {
    this.channel.limitTo(this.timeouts.closeMs);
    await this.channel.request(Command.EXIT).catch(() => undefined); // some terminals do not answer it
    this.channel.destroy();
  }

  private async punchCounter(): Promise<number> {
    const { punches } = await readFreeSizes(this.channel);
    if (punches !== undefined) return punches;
    throw new DeviceError(
      'device/refused',
      'The terminal does not count its punches, so that no read of them is proven',
    );
  }

  private readSet(
    request: BufferedRead,
    old: DirectRead,
    onProgress?: (progress: { readonly receivedBytes: number; readonly totalBytes?: number }) => void,
  ): Promise<BulkSet> {
    let totalBytes: number | undefined;
    return readBulkSet(this.channel, request, old, {
      onSize: (bytes) => {
        totalBytes = bytes;
        this.channel.limitTo(this.timeouts.overallMs + (bytes / CHUNK_BYTES) * this.timeouts.perChunkMs);
      },
      onReceived: (receivedBytes) => onProgress?.({ receivedBytes, totalBytes }),
    });
  }

  /** Packets without numbers may have been swapped; two reads that agree byte for byte were not. */
  private async requireSameAgain(set: BulkSet, request: BufferedRead, old: DirectRead): Promise<void> {
    const again = await this.readSet(request, old);
    if (again.bytes.equals(set.bytes)) return;
    throw new IncompleteReadError(
      'packet-order',
      'The terminal does not number its UDP packets, and two reads of it differ; use TCP, or read it again',
    );
  }
}

function decodeRecords(
  set: BulkSet,
  counterBefore: number,
  counterAfter: number,
): { width: ReturnType<typeof userRecordWidth>; records: ReturnType<typeof decodeUserSet> } {
  if (set.bytes.length === 0) return { width: 72, records: [] };
  const total = recordsOf(set, 'user list').length;
  // A counter that moved is told as that by the proof, not here as a width that does not fit.
  if (counterBefore !== counterAfter) return { width: 72, records: [] };
  const width = userRecordWidth(total, counterBefore);
  return { width, records: decodeUserSet(set.bytes, width) };
}

/** The bytes behind the length word, once it has been compared with what came. */
function recordsOf({ bytes }: BulkSet, what: string): Buffer {
  if (bytes.length === 0) return bytes;
  if (bytes.length < SET_LENGTH_BYTES) {
    throw new DeviceError('device/protocol-violation', `A ${what} of ${bytes.length} bytes has no length word`, {
      stage: 'read',
    });
  }
  const total = bytes.readUInt32LE(0);
  const received = bytes.length - SET_LENGTH_BYTES;
  if (total === received) return bytes.subarray(SET_LENGTH_BYTES);
  throw new IncompleteReadError(
    'size-mismatch',
    `The ${what} says that it has ${total} bytes, and ${received} came; read it again`,
    { total, received },
  );
}
