import { ZkFormatError } from './errors.js';
import { decodePacket, HEADER_BYTES, TCP_PREFIX, TCP_PREFIX_BYTES, type ZkPacket } from './packet.js';

/** The largest packet that a terminal sends is one chunk of 65,472 data bytes; this is ample. */
const MAX_PACKET_BYTES = 128 * 1024;

/**
 * Cuts a TCP stream into packets, however it was segmented: only the length field delimits them. A length is bounded
 * before it is trusted, and after the first violation nothing more is accepted.
 */
export class TcpPacketDecoder {
  private readonly maxPacketBytes: number;
  /** What has arrived and is not yet part of a packet; joined only when a packet is whole. */
  private chunks: Buffer[] = [];
  private bufferedBytes = 0;
  /** Bytes of the packet in hand with its prefix; 0 while the prefix is still incomplete. */
  private wantedBytes = 0;
  private failure?: ZkFormatError;

  constructor(options: { readonly maxPacketBytes?: number } = {}) {
    this.maxPacketBytes = options.maxPacketBytes ?? MAX_PACKET_BYTES;
  }

  /**
   * Takes what arrived and gives the packets that are whole now. Their data are views of `chunk` where possible.
   * @throws {ZkFormatError} `zk/prefix`, `zk/length` or `zk/checksum`; the same again at every later call
   */
  push(chunk: Buffer): ZkPacket[] {
    if (this.failure) throw this.failure;
    try {
      return this.take(chunk);
    } catch (error) {
      if (error instanceof ZkFormatError) this.failure = error;
      this.chunks = [];
      throw error;
    }
  }

  /** The stream has ended. @throws {ZkFormatError} `zk/truncated` when it ended inside a packet */
  end(): void {
    if (this.failure) throw this.failure;
    if (this.bufferedBytes === 0) return;
    const wanted = this.wantedBytes === 0 ? 'its prefix' : `${this.wantedBytes} bytes`;
    throw new ZkFormatError(
      'zk/truncated',
      `The stream ended inside a packet: ${this.bufferedBytes} bytes of ${wanted}`,
    );
  }

  private take(chunk: Buffer): ZkPacket[] {
    const packets: ZkPacket[] = [];
    this.chunks.push(chunk);
    this.bufferedBytes += chunk.length;
    while (this.bufferedBytes >= Math.max(this.wantedBytes, 1)) {
      if (this.wantedBytes === 0) {
        this.checkPrefix();
        if (this.bufferedBytes < TCP_PREFIX_BYTES) break;
        this.wantedBytes = TCP_PREFIX_BYTES + this.lengthField();
        continue;
      }
      packets.push(decodePacket(this.cut(this.wantedBytes).subarray(TCP_PREFIX_BYTES)));
      this.wantedBytes = 0;
    }
    return packets;
  }

  /** Looks at as much of the prefix as is there, so that another protocol is recognised at its first bytes. */
  private checkPrefix(): void {
    const head = this.head();
    const seen = Math.min(head.length, TCP_PREFIX.length);
    if (head.compare(TCP_PREFIX, 0, seen, 0, seen) === 0) return;
    throw new ZkFormatError(
      'zk/prefix',
      `A packet begins with ${head.subarray(0, seen).toString('hex')}, not 5050827d`,
    );
  }

  private lengthField(): number {
    const length = this.head().readUInt32LE(TCP_PREFIX.length);
    if (length >= HEADER_BYTES && length <= this.maxPacketBytes) return length;
    throw new ZkFormatError(
      'zk/length',
      `A packet announces ${length} bytes; ${HEADER_BYTES} to ${this.maxPacketBytes} are possible`,
    );
  }

  /** The first bytes, up to the length of the prefix, in one piece. */
  private head(): Buffer {
    if (this.chunks[0].length < TCP_PREFIX_BYTES && this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0];
  }

  private cut(size: number): Buffer {
    const whole = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks, this.bufferedBytes);
    const rest = whole.subarray(size);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.bufferedBytes = rest.length;
    return whole.subarray(0, size);
  }
}
