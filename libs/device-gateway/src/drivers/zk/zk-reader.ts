import { type WallTime } from '@app/kernel';
import { Command, decodeUserSet, USERS_READ } from '@app/zk-protocol';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { DeviceReader, type ReadOptions } from '../../device-reader.js';
import { type DeviceTarget } from '../../device-target.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { nameDecoder } from '../../name-encoding.js';
import { proveUserRead } from '../../prove.js';
import { type BulkSet, readBulkSet } from './bulk-read.js';
import { type ReadOnlyChannel } from './read-only-channel.js';
import { userRecordWidth } from './user-width.js';
import { readFreeSizes, readTime } from './zk-session.js';

const CHUNK_BYTES = 65_536;
const ALL_USERS_DIRECT = { command: Command.USERTEMP_READ, data: Buffer.from([5]) };

/** An open session with a ZK terminal through our own driver. */
export class ZkReader extends DeviceReader {
  constructor(
    readonly identity: DeviceIdentity,
    private readonly target: DeviceTarget,
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
    const set = await this.readSet(onProgress);
    onProgress?.({ stage: 'proving', receivedBytes: set.bytes.length, totalBytes: set.announcedBytes });
    const { users: counterAfter } = await readFreeSizes(this.channel);
    if (counterBefore === counterAfter && !set.orderProven) await this.requireSameAgain(set);
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

  private readSet(onProgress: ReadOptions['onProgress']): Promise<BulkSet> {
    let totalBytes: number | undefined;
    return readBulkSet(this.channel, USERS_READ, ALL_USERS_DIRECT, {
      onSize: (bytes) => {
        totalBytes = bytes;
        this.channel.limitTo(this.timeouts.overallMs + (bytes / CHUNK_BYTES) * this.timeouts.perChunkMs);
      },
      onReceived: (receivedBytes) => onProgress?.({ stage: 'reading', receivedBytes, totalBytes }),
    });
  }

  /** Packets without numbers may have been swapped; two reads that agree byte for byte were not. */
  private async requireSameAgain(set: BulkSet): Promise<void> {
    const again = await this.readSet(undefined);
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
  if (set.bytes.length < 4) {
    throw new DeviceError('device/protocol-violation', `A user list of ${set.bytes.length} bytes has no length word`, {
      stage: 'read',
    });
  }
  const total = set.bytes.readUInt32LE(0);
  if (total !== set.bytes.length - 4) {
    throw new IncompleteReadError(
      'size-mismatch',
      `The user list says that it has ${total} bytes, and ${set.bytes.length - 4} came; read it again`,
      { total, received: set.bytes.length - 4 },
    );
  }
  // A counter that moved is told as that by the proof, not here as a width that does not fit.
  if (counterBefore !== counterAfter) return { width: 72, records: [] };
  const width = userRecordWidth(total, counterBefore);
  return { width, records: decodeUserSet(set.bytes, width) };
}
