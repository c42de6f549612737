import { Command } from './commands.js';
import { requireBytes, ZkFormatError } from './errors.js';

/** What command 1503 carries: another command, whose answer is to be buffered. */
export interface BufferedRead {
  /** The inner command. A read-only filter must look at it: 1503 itself is no read. */
  readonly inner: number;
  readonly dataType: number;
  readonly extra: number;
}

export const USERS_READ: BufferedRead = { inner: Command.USERTEMP_READ, dataType: 5, extra: 0 };
export const TEMPLATES_READ: BufferedRead = { inner: Command.DB_READ, dataType: 2, extra: 0 };
export const PUNCHES_READ: BufferedRead = { inner: Command.ATTLOG_READ, dataType: 0, extra: 0 };
export const OPERATIONS_READ: BufferedRead = { inner: Command.OPLOG_READ, dataType: 0, extra: 0 };

export const BUFFERED_READ_BYTES = 11;
const STATUS_BYTES = 13;

export function encodeBufferedRead({ inner, dataType, extra }: BufferedRead): Buffer {
  const data = Buffer.alloc(BUFFERED_READ_BYTES);
  data.writeUInt8(1, 0);
  data.writeUInt16LE(inner, 1);
  data.writeUInt32LE(dataType, 3);
  data.writeUInt32LE(extra, 7);
  return data;
}

/** Undefined for anything but a whole request whose first byte is 1. */
export function decodeBufferedRead(data: Buffer): BufferedRead | undefined {
  if (data.length !== BUFFERED_READ_BYTES || data[0] !== 1) return undefined;
  return { inner: data.readUInt16LE(1), dataType: data.readUInt32LE(3), extra: data.readUInt32LE(7) };
}

/** `u8 0, u32 size, u32 size, u32 anything`: the size counts the length word of the set. */
export function encodeBufferStatus(sizeBytes: number, lastWord = 0): Buffer {
  const data = Buffer.alloc(STATUS_BYTES);
  data.writeUInt32LE(sizeBytes, 1);
  data.writeUInt32LE(sizeBytes, 5);
  data.writeUInt32LE(lastWord, 9);
  return data;
}

/** The size of the buffered set, its length word included. @throws {ZkFormatError} `zk/truncated`, `zk/set` */
export function decodeBufferStatus(data: Buffer): number {
  requireBytes('A buffer status', data, STATUS_BYTES);
  const [size, again] = [data.readUInt32LE(1), data.readUInt32LE(5)];
  if (size !== again) throw new ZkFormatError('zk/set', `A buffer status announces both ${size} and ${again} bytes`);
  return size;
}

export function encodeChunkRequest(offset: number, sizeBytes: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(offset, 0);
  data.writeUInt32LE(sizeBytes, 4);
  return data;
}

/** @throws {ZkFormatError} `zk/truncated` */
export function decodeChunkRequest(data: Buffer): { readonly offset: number; readonly sizeBytes: number } {
  requireBytes('A chunk request', data, 8);
  return { offset: data.readUInt32LE(0), sizeBytes: data.readUInt32LE(4) };
}

export function encodePrepareData(sizeBytes: number, packetBytes: number): Buffer {
  return encodeChunkRequest(sizeBytes, packetBytes);
}

/** How many bytes of DATA follow, and in packets of at most how many. @throws {ZkFormatError} `zk/truncated` */
export function decodePrepareData(data: Buffer): {
  readonly sizeBytes: number;
  readonly packetBytes: number | undefined;
} {
  requireBytes('PREPARE_DATA', data, 4);
  return { sizeBytes: data.readUInt32LE(0), packetBytes: data.length >= 8 ? data.readUInt32LE(4) : undefined };
}
