import { requireBytes, ZkFormatError } from './errors.js';

/** One packet: 8 bytes of header, then data. Source: docs/protocol/zk-packet.md. */
export interface ZkPacket {
  /** A command from the client; a reply or event code from the terminal. */
  readonly command: number;
  /** From a terminal often no session: a packet index, an event, a state. Never reject a packet for it. */
  readonly session: number;
  /** Copied by the terminal from request to answer: the only key between the two. */
  readonly reply: number;
  readonly data: Buffer;
}

export const HEADER_BYTES = 8;
export const TCP_PREFIX_BYTES = 8;
export const TCP_PREFIX = Buffer.from([0x50, 0x50, 0x82, 0x7d]);

const COMMAND = 0;
const CHECKSUM = 2;
const SESSION = 4;
const REPLY = 6;
const HIGHEST_REPLY = 65_534;

/** One's complement of the one's-complement sum of all 16-bit words; an odd last byte is the low half of a word. */
export function checksum(bytes: Buffer): number {
  return ~foldedSum(bytes) & 0xffff;
}

/** The packet as a UDP datagram carries it. */
export function encodePacket(packet: ZkPacket): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + packet.data.length);
  writePacket(packet, bytes, 0);
  return bytes;
}

/** The packet as a TCP stream carries it: prefix, length, packet. */
export function encodeTcpPacket(packet: ZkPacket): Buffer {
  const bytes = Buffer.allocUnsafe(TCP_PREFIX_BYTES + HEADER_BYTES + packet.data.length);
  TCP_PREFIX.copy(bytes);
  bytes.writeUInt32LE(HEADER_BYTES + packet.data.length, TCP_PREFIX.length);
  writePacket(packet, bytes, TCP_PREFIX_BYTES);
  return bytes;
}

/**
 * Reads a packet; its data is a view of `bytes`, not a copy.
 * @throws {ZkFormatError} `zk/truncated` below 8 bytes, `zk/checksum` when a byte changed on the way
 */
export function decodePacket(bytes: Buffer): ZkPacket {
  requireBytes('A packet', bytes, HEADER_BYTES);
  if (foldedSum(bytes) !== 0xffff) {
    throw new ZkFormatError('zk/checksum', `The checksum of a packet of ${bytes.length} bytes is wrong`);
  }
  return {
    command: bytes.readUInt16LE(COMMAND),
    session: bytes.readUInt16LE(SESSION),
    reply: bytes.readUInt16LE(REPLY),
    data: bytes.subarray(HEADER_BYTES),
  };
}

/** The number of the next command; after 65534 comes 0, and 65535 is never sent. */
export function nextReplyNumber(current: number): number {
  return current >= HIGHEST_REPLY ? 0 : current + 1;
}

function writePacket({ command, session, reply, data }: ZkPacket, bytes: Buffer, at: number): void {
  bytes.writeUInt16LE(command, at + COMMAND);
  bytes.writeUInt16LE(0, at + CHECKSUM);
  bytes.writeUInt16LE(session, at + SESSION);
  bytes.writeUInt16LE(reply, at + REPLY);
  data.copy(bytes, at + HEADER_BYTES);
  bytes.writeUInt16LE(checksum(bytes.subarray(at)), at + CHECKSUM);
}

/** A double holds the sum of any packet exactly, so carries are folded once a packet, not once a word. */
function foldedSum(bytes: Buffer): number {
  let sum = 0;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) sum += bytes[i] | (bytes[i + 1] << 8);
  if (even < bytes.length) sum += bytes[even];
  while (sum > 0xffff) sum = Math.floor(sum / 0x1_0000) + (sum % 0x1_0000);
  return sum;
}
