import { connect, type Socket } from 'node:net';
import { encodeTcpPacket, TcpPacketDecoder, ZkFormatError, type ZkPacket } from '@app/zk-protocol';
import { DeviceError } from '../../device.errors.js';
import { type TransportEvents, type ZkTransport } from './zk-transport.js';

/** Packets over a TCP stream. The socket is destroyed at the first byte that does not belong to the protocol. */
export class TcpTransport implements ZkTransport {
  readonly isDatagram = false;
  private readonly decoder = new TcpPacketDecoder();
  private events?: TransportEvents;
  private early: (() => void)[] = [];
  private receivedPackets = 0;
  private failed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.fail(connectionLost(error.code ?? error.message, error)));
    socket.on('end', () => this.ended());
    socket.on('close', () => this.fail(connectionLost('it was closed')));
  }

  /** @param host an address, never a name @throws {DeviceError} `device/unreachable` or `device/timeout` */
  static async open(host: string, port: number, connectMs: number, signal?: AbortSignal): Promise<TcpTransport> {
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          give(new DeviceError('device/timeout', `${host}:${port} did not accept a connection within ${connectMs} ms`)),
        connectMs,
      );
      const aborted = (): void =>
        give(new DeviceError('device/aborted', 'The work was stopped', { cause: signal?.reason }));
      const failed = (error: NodeJS.ErrnoException): void => give(connectFailure(host, port, error));
      const give = (error?: DeviceError): void => {
        clearTimeout(timer);
        socket.removeListener('error', failed);
        signal?.removeEventListener('abort', aborted);
        if (!error) return resolve();
        socket.on('error', () => undefined);
        socket.destroy();
        reject(error);
      };
      socket.once('connect', () => give());
      socket.once('error', failed);
      signal?.addEventListener('abort', aborted, { once: true });
      if (signal?.aborted) aborted();
    });
    return new TcpTransport(socket);
  }

  listen(events: TransportEvents): void {
    this.events = events;
    const early = this.early;
    this.early = [];
    for (const deliver of early) deliver();
  }

  send(packet: ZkPacket): void {
    this.socket.write(encodeTcpPacket(packet));
  }

  destroy(): void {
    this.failed = true;
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.failed) return;
    try {
      for (const packet of this.decoder.push(chunk)) {
        this.receivedPackets += 1;
        this.deliver((events) => events.onPacket(packet));
      }
    } catch (error) {
      if (!(error instanceof ZkFormatError)) throw error;
      this.fail(this.violation(error));
    }
  }

  private ended(): void {
    try {
      this.decoder.end();
      this.fail(connectionLost('the terminal closed it'));
    } catch (error) {
      this.fail(connectionLost((error as Error).message, error));
    }
  }

  private violation(error: ZkFormatError): DeviceError {
    if (error.code === 'zk/prefix' && this.receivedPackets === 0) {
      const message = `What answers there does not speak the ZK protocol: ${error.message}`;
      return new DeviceError('device/not-zk', message, { cause: error });
    }
    return new DeviceError('device/protocol-violation', error.message, { cause: error });
  }

  private fail(error: DeviceError): void {
    if (this.failed) return;
    this.destroy();
    this.deliver((events) => events.onFailure(error));
  }

  private deliver(news: (events: TransportEvents) => void): void {
    const { events } = this;
    if (events) news(events);
    else this.early.push(() => this.events && news(this.events));
  }
}

function connectionLost(why: string, cause?: unknown): DeviceError {
  return new DeviceError('device/connection-lost', `The connection to the terminal was lost: ${why}`, { cause });
}

/** What kept a connection from being made. */
export function connectFailure(host: string, port: number, cause: NodeJS.ErrnoException): DeviceError {
  if (cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') {
    return new DeviceError(
      'device/unresolved',
      `There is no host called "${host}"; check the name or give its IP address`,
      { cause },
    );
  }
  const why = cause.code === 'ECONNREFUSED' ? 'it refuses connections on this port' : (cause.code ?? cause.message);
  return new DeviceError('device/unreachable', `${host}:${port} cannot be reached: ${why}`, { cause });
}
