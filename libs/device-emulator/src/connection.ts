import { type Socket } from 'node:net';
import { encodePacket, encodeTcpPacket } from '@app/zk-protocol';
import { type Outgoing, type OutgoingPacket } from './answer-effects.js';

/** Where a terminal's answers go. */
export interface Connection {
  send(outgoing: Outgoing): void;
  /** Ends it as if the power had failed. */
  drop(): void;
}

/** A TCP client. Each packet is a write of its own, as terminals do it; `paceMs` keeps them apart on the wire too. */
export class StreamConnection implements Connection {
  private sending: Promise<void> = Promise.resolve();
  private readonly ended = new AbortController();

  constructor(
    private readonly socket: Socket,
    private readonly paceMs: number,
  ) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // a client that vanishes is nothing to a terminal
    socket.once('close', () => this.ended.abort());
  }

  send(outgoing: Outgoing): void {
    this.sending = this.sending.then(() => this.write(outgoing));
  }

  /** Not Node's resetAndDestroy(), which on a connection that the client is just closing leaves a handle behind. */
  drop(): void {
    this.socket.destroy();
  }

  private async write(outgoing: Outgoing): Promise<void> {
    const { packets, pauseMs = 0, afterwards } = outgoing;
    const encoded = packets.map(encodeForStream);
    const segments = this.segmentsOf(encoded, outgoing.segments);
    for (const segment of segments) {
      if (this.ended.signal.aborted) return;
      this.socket.write(segment);
      if (segments.length > 1) await this.pause(Math.max(pauseMs, this.paceMs));
    }
    if (afterwards === 'drop') this.drop();
    if (afterwards === 'close') this.socket.end();
  }

  private segmentsOf(packets: readonly Buffer[], form: Outgoing['segments']): Buffer[] {
    if (form === undefined) return [...packets];
    const whole = Buffer.concat(packets);
    return form === 'one' ? [whole] : Array.from(whole, (byte) => Buffer.from([byte]));
  }

  /** Ends early when the client goes, so that a slow answer leaves no timer behind. */
  private pause(durationMs: number): Promise<void> {
    const { signal } = this.ended;
    return new Promise((resolve) => {
      if (durationMs === 0) {
        setImmediate(resolve);
        return;
      }
      const timer = setTimeout(done, durationMs);
      signal.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

/** A UDP client, known by its address; what ends a stream is silence here. */
export class DatagramConnection implements Connection {
  constructor(private readonly transmit: (datagram: Buffer) => void) {}

  send({ packets, afterwards }: Outgoing): void {
    if (afterwards !== undefined && packets.length === 0) return;
    for (const { packet, bytes } of packets) {
      const encoded = encodePacket(packet);
      this.transmit(bytes ? bytes(encoded) : encoded);
    }
  }

  drop(): void {
    // Nothing says goodbye when a UDP session dies.
  }
}

function encodeForStream({ packet, bytes }: OutgoingPacket): Buffer {
  const encoded = encodeTcpPacket(packet);
  return bytes ? bytes(encoded) : encoded;
}
