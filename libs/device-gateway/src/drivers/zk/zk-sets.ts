import {
  type BufferedRead,
  Command,
  OPERATIONS_READ,
  PUNCHES_READ,
  TEMPLATES_READ,
  USERS_READ,
} from '@app/zk-protocol';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import {
  type BulkSet,
  type DirectRead,
  packetsWithoutNumbers,
  readBulkSet,
  type SetStream,
  streamBulkSet,
  type StreamedSet,
} from './bulk-read.js';
import { type ZkChannel } from './zk-channel.js';

/** A set that a terminal gives as a whole, and how it is asked for. */
export interface ZkSet {
  readonly what: string;
  readonly request: BufferedRead;
  readonly old: DirectRead;
}

export const USERS: ZkSet = {
  what: 'user list',
  request: USERS_READ,
  old: { command: Command.USERTEMP_READ, data: Buffer.from([5]) },
};
export const PUNCHES: ZkSet = {
  what: 'punch log',
  request: PUNCHES_READ,
  old: { command: Command.ATTLOG_READ, data: Buffer.alloc(0) },
};
export const OPERATIONS: ZkSet = {
  what: 'operation log',
  request: OPERATIONS_READ,
  old: { command: Command.OPLOG_READ, data: Buffer.alloc(0) },
};
/** No read session may ask for it. */
export const TEMPLATES: ZkSet = {
  what: 'template set',
  request: TEMPLATES_READ,
  old: { command: Command.DB_READ, data: Buffer.from([2]) },
};

/** How far the reading of a set is. */
export interface SetProgress {
  readonly receivedBytes: number;
  readonly totalBytes?: number;
}

const CHUNK_BYTES = 65_536;
const SET_LENGTH_BYTES = 4;

/** Reads whole sets of a terminal; the more it announces, the longer the session may last. */
export class ZkSets {
  constructor(
    readonly channel: ZkChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {}

  /** @throws {IncompleteReadError} a part is missing @throws {DeviceError} */
  read({ request, old }: ZkSet, onProgress?: (progress: SetProgress) => void): Promise<BulkSet> {
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
  async requireOrder(set: BulkSet, kind: ZkSet): Promise<void> {
    if (set.orderProven) return;
    const again = await this.read(kind);
    if (again.bytes.equals(set.bytes)) return;
    throw packetsWithoutNumbers();
  }

  /** As streamBulkSet; the more the terminal announces, the longer the session may last. */
  stream({ request, old }: ZkSet, stream: SetStream): Promise<StreamedSet> {
    return streamBulkSet(this.channel, request, old, {
      ...stream,
      onSize: (bytes) => {
        this.channel.limitTo(this.timeouts.overallMs + (bytes / CHUNK_BYTES) * this.timeouts.perChunkMs);
        stream.onSize(bytes);
      },
    });
  }
}

/** The bytes behind the length word, once it has been compared with what came. */
export function recordsOf({ bytes }: BulkSet, { what }: ZkSet): Buffer {
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
