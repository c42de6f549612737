import {
  type BufferedRead,
  Command,
  decodeBufferStatus,
  decodePrepareData,
  encodeBufferedRead,
  encodeChunkRequest,
  Reply,
  replyName,
  ZkFormatError,
  type ZkPacket,
} from '@app/zk-protocol';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { type Answer, type ZkChannel } from './zk-channel.js';

const TCP_CHUNK_BYTES = 65_472;
const UDP_CHUNK_BYTES = 16_384;
const MAX_SET_BYTES = 16 * 1024 * 1024;
const CHUNK_ATTEMPTS = 3;
/** What terminals answer when there is nothing of the kind asked for. */
const EMPTY_CODES: readonly number[] = [Reply.ERROR, Reply.NO_SESSION_MEMORY, Reply.NOT_FOUND];

/** A data set as it came. */
export interface BulkSet {
  /** The whole set with its length word; empty when the terminal answered that there is nothing. */
  readonly bytes: Buffer;
  readonly announcedBytes: number;
  /** False: over UDP, from a terminal that does not number its packets, so that two of them may have been swapped. */
  readonly orderProven: boolean;
}

/** The form of a bulk read that old terminals know: the command itself, without a buffer. */
export interface DirectRead {
  readonly command: number;
  readonly data: Buffer;
}

/**
 * Reads a whole set: buffered and in chunks, direct, or in the old form, as the terminal answers. Whatever happens,
 * the terminal's buffer is released. Source: docs/protocol/zk-bulk-read.md.
 * @throws {IncompleteReadError} a part is missing
 * @throws {DeviceError} the terminal refused or the session broke
 */
export async function readBulkSet(
  channel: ZkChannel,
  request: BufferedRead,
  old: DirectRead,
  news: { onSize(bytes: number): void; onReceived(bytes: number): void },
): Promise<BulkSet> {
  try {
    const answer = channel.begin(Command.BUFFERED_READ, encodeBufferedRead(request));
    const first = await answer.next();
    if (first.command === Reply.UNKNOWN_COMMAND)
      return await readDirect(channel.begin(old.command, old.data), channel, news);
    if (isStatus(first)) return await readChunks(channel, statusSize(first), news);
    return await readRest(answer, first, channel, news);
  } finally {
    await releaseBuffer(channel);
  }
}

/** How a set is taken piece by piece, so that it need not fit into memory. */
export interface SetStream {
  /** From which byte on; what is before it was taken from an equal set in an earlier session. */
  readonly fromByte: number;
  /** A set that announces more is refused. */
  readonly mostBytes: number;
  onSize(bytes: number): void;
  /** Takes the next bytes. False: that is enough for now. */
  onBytes(bytes: Buffer): Promise<boolean>;
}

/** How far a set was streamed. */
export interface StreamedSet {
  /** With the length word; 0: the terminal answered that there is nothing. */
  readonly announcedBytes: number;
  readonly nextByte: number;
}

/**
 * As readBulkSet, chunk by chunk from a byte on. A terminal that gives the set without chunks gives it at once. Packets
 * that have no numbers are asked for twice.
 * @throws {IncompleteReadError} a part is missing
 * @throws {DeviceError} the terminal refused or the session broke
 */
export async function streamBulkSet(
  channel: ZkChannel,
  request: BufferedRead,
  old: DirectRead,
  stream: SetStream,
): Promise<StreamedSet> {
  try {
    const answer = channel.begin(Command.BUFFERED_READ, encodeBufferedRead(request));
    const first = await answer.next();
    if (isStatus(first)) return await streamChunks(channel, statusSize(first), stream);
    const news = { onSize: (bytes: number) => stream.onSize(bytes), onReceived: () => undefined };
    const set =
      first.command === Reply.UNKNOWN_COMMAND
        ? await readDirect(channel.begin(old.command, old.data), channel, news)
        : await readRest(answer, first, channel, news);
    if (!set.orderProven) throw packetsWithoutNumbers();
    if (set.bytes.length > stream.fromByte) await stream.onBytes(set.bytes.subarray(stream.fromByte));
    return { announcedBytes: set.announcedBytes, nextByte: set.announcedBytes };
  } finally {
    await releaseBuffer(channel);
  }
}

async function streamChunks(channel: ZkChannel, size: number, stream: SetStream): Promise<StreamedSet> {
  boundSize(size, stream.mostBytes);
  stream.onSize(size);
  const chunkBytes = channel.isDatagram ? UDP_CHUNK_BYTES : TCP_CHUNK_BYTES;
  for (let offset = stream.fromByte; offset < size;) {
    const wanted = Math.min(chunkBytes, size - offset);
    const bytes = await readOrderedChunk(channel, offset, wanted);
    offset += wanted;
    if (!(await stream.onBytes(bytes))) return { announcedBytes: size, nextByte: offset };
  }
  return { announcedBytes: size, nextByte: size };
}

/** Two reads of a chunk that agree byte for byte have their packets in order. */
async function readOrderedChunk(channel: ZkChannel, offset: number, wanted: number): Promise<Buffer> {
  const chunk = await readChunk(channel, offset, wanted);
  const bytes = Buffer.concat(chunk.parts, wanted);
  if (chunk.orderProven) return bytes;
  const again = await readChunk(channel, offset, wanted);
  if (Buffer.concat(again.parts, wanted).equals(bytes)) return bytes;
  throw packetsWithoutNumbers();
}

/** The terminal does not number its packets, and nothing else shows their order. */
export function packetsWithoutNumbers(): IncompleteReadError {
  return new IncompleteReadError(
    'packet-order',
    'The terminal does not number its UDP packets, and two reads of it differ; use TCP, or read it again',
  );
}

/** An answer that already holds the set, or announces its packets, or says that there is none. */
async function readRest(
  answer: Answer,
  first: ZkPacket,
  channel: ZkChannel,
  news: Parameters<typeof readBulkSet>[3],
): Promise<BulkSet> {
  if (first.command === Reply.DATA_PACKET) {
    news.onReceived(first.data.length);
    return { bytes: first.data, announcedBytes: first.data.length, orderProven: true };
  }
  if (EMPTY_CODES.includes(first.command)) return { bytes: Buffer.alloc(0), announcedBytes: 0, orderProven: true };
  if (first.command !== Reply.PREPARE_DATA) throw refusal(first, 'the bulk read');
  const { sizeBytes } = wellFormed(() => decodePrepareData(first.data));
  boundSize(sizeBytes);
  news.onSize(sizeBytes);
  const received = await collect(answer, sizeBytes, channel.isDatagram);
  news.onReceived(sizeBytes);
  return {
    bytes: Buffer.concat(received.parts, sizeBytes),
    announcedBytes: sizeBytes,
    orderProven: received.orderProven,
  };
}

async function readDirect(
  answer: Answer,
  channel: ZkChannel,
  news: Parameters<typeof readBulkSet>[3],
): Promise<BulkSet> {
  return readRest(answer, await answer.next(), channel, news);
}

async function readChunks(channel: ZkChannel, size: number, news: Parameters<typeof readBulkSet>[3]): Promise<BulkSet> {
  boundSize(size);
  news.onSize(size);
  const chunkBytes = channel.isDatagram ? UDP_CHUNK_BYTES : TCP_CHUNK_BYTES;
  const parts: Buffer[] = [];
  let orderProven = true;
  for (let offset = 0; offset < size; offset += chunkBytes) {
    const wanted = Math.min(chunkBytes, size - offset);
    const chunk = await readChunk(channel, offset, wanted);
    parts.push(...chunk.parts);
    orderProven &&= chunk.orderProven;
    news.onReceived(offset + wanted);
  }
  return { bytes: Buffer.concat(parts, size), announcedBytes: size, orderProven };
}

/** The buffer stays until it is released, so a chunk that went wrong is asked for again, under a new number. */
async function readChunk(channel: ZkChannel, offset: number, wanted: number): Promise<Collected> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = channel.begin(Command.READ_CHUNK, encodeChunkRequest(offset, wanted));
      const first = await answer.next();
      if (first.command === Reply.DATA_PACKET) return single(first, wanted);
      if (first.command !== Reply.PREPARE_DATA)
        throw chunkProblem(`the terminal answered ${replyName(first.command)}`, offset);
      const { sizeBytes } = wellFormed(() => decodePrepareData(first.data));
      if (sizeBytes !== wanted) throw chunkProblem(`${wanted} bytes were asked for and ${sizeBytes} announced`, offset);
      return await collect(answer, wanted, channel.isDatagram);
    } catch (error) {
      if (attempt === CHUNK_ATTEMPTS || !canRepeat(error, channel)) throw error;
    }
  }
}

interface Collected {
  readonly parts: readonly Buffer[];
  readonly orderProven: boolean;
}

function single(packet: ZkPacket, wanted: number): Collected {
  if (packet.data.length !== wanted)
    throw chunkProblem(`${wanted} bytes were asked for and ${packet.data.length} came`);
  return { parts: [packet.data], orderProven: true };
}

/** DATA packets of exactly so many bytes, then the ACK that ends them. */
async function collect(answer: Answer, size: number, isDatagram: boolean): Promise<Collected> {
  const parts: Buffer[] = [];
  const indexes: number[] = [];
  let received = 0;
  while (received < size) {
    const packet = await answer.next();
    if (packet.command !== Reply.DATA_PACKET) {
      throw chunkProblem(`after ${received} of ${size} bytes the terminal answered ${replyName(packet.command)}`);
    }
    received += packet.data.length;
    if (received > size || packet.data.length === 0)
      throw chunkProblem(`${size} bytes were announced and ${received} came`);
    parts.push(packet.data);
    indexes.push(packet.session);
  }
  const end = await answer.next();
  if (end.command !== Reply.OK)
    throw chunkProblem(`${size} bytes were announced and ${replyName(end.command)} ended them`);
  return { parts, orderProven: !isDatagram || provesOrder(indexes) };
}

/**
 * Terminals number the packets of a chunk in the session field. Some keep that field constant: then nothing tells the
 * order, and the caller must find another proof.
 * @throws {IncompleteReadError} `packet-order`: the numbers are there and do not run 0, 1, 2 …
 */
function provesOrder(indexes: readonly number[]): boolean {
  if (indexes.length === 1 || indexes.every((index, i) => index === i)) return true;
  if (indexes.every((index) => index === indexes[0])) return false;
  throw new IncompleteReadError(
    'packet-order',
    `Packets of a chunk came in the order ${indexes.slice(0, 8).join(', ')} …; read it again`,
  );
}

async function releaseBuffer(channel: ZkChannel): Promise<void> {
  // Whether the terminal has a buffer to release, and whether it still answers, does not change what was read.
  await channel.request(Command.FREE_DATA).catch(() => undefined);
}

function isStatus(packet: ZkPacket): boolean {
  return packet.command === Reply.OK || (packet.command === Reply.PREPARE_DATA && packet.data.length >= 13);
}

function statusSize(packet: ZkPacket): number {
  return wellFormed(() => decodeBufferStatus(packet.data));
}

function boundSize(size: number, mostBytes = MAX_SET_BYTES): void {
  if (size <= mostBytes) return;
  throw new DeviceError(
    'device/protocol-violation',
    `The terminal announces ${size} bytes; at most ${mostBytes} are accepted`,
    { stage: 'read' },
  );
}

function chunkProblem(what: string, offset?: number): IncompleteReadError {
  const where = offset === undefined ? '' : ` (chunk at byte ${offset})`;
  return new IncompleteReadError('chunk-incomplete', `A part of the data is missing: ${what}${where}; read it again`);
}

/** A TCP session that timed out is gone; on UDP silence is how a lost packet shows. */
function canRepeat(error: unknown, channel: ZkChannel): boolean {
  if (error instanceof IncompleteReadError) return true;
  return channel.isDatagram && error instanceof DeviceError && error.code === 'device/timeout';
}

/** A code that is no success is an error that carries its number. */
export function refusal(packet: ZkPacket, what: string): DeviceError {
  if (packet.command === Reply.UNAUTHORISED) {
    return new DeviceError('device/connection-lost', `The terminal ended the session during ${what}; connect again`);
  }
  return new DeviceError('device/refused', `The terminal answered ${what} with ${replyName(packet.command)}`, {
    details: { reply: packet.command },
  });
}

/** A decoder's complaint is a violation of the protocol by the terminal. */
export function wellFormed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof ZkFormatError)) throw error;
    throw new DeviceError('device/protocol-violation', error.message, { cause: error });
  }
}
