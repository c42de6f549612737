import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { type Duplex } from 'node:stream';
import { Clock } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { DeviceError } from '../../device.errors.js';
import { GATEWAY_TIMEOUTS, type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type TerminalHost } from '../../terminal-host.js';
import { AifaceConnection } from './aiface-connection.js';
import { AifaceReception } from './aiface-reception.js';
import { AifaceSessions } from './aiface-sessions.js';

/** Where terminals dial in. */
export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM texts; undefined: no TLS, which is what terminals speak. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Photos run to hundreds of kilobytes; nothing that is true is larger than this (aiface-protocol 10). */
const LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** A registration is small; whoever has not registered is not listened to for longer. */
const LARGEST_FIRST_MESSAGE_BYTES = 16 * 1024;
const MOST_CONNECTIONS = 5_000;
/** From one address: a router may stand before the terminals of a whole site. */
const MOST_UNREGISTERED = 256;
/** How often it is looked whether somebody has been silent for too long: every 5 s of 3 minutes. */
const LOOKS_PER_SILENCE = 36;
const UPGRADE_REQUIRED = 'HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const TOO_MANY = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * The port that AiFace terminals dial in to: a WebSocket on any path, since firmware differs in it. Who may stay and
 * where things are kept is up to the reception and its host. Nothing is sent that the terminal did not ask for, except by a reader;
 * WebSocket pings are not sent at all, since terminals do not answer them.
 */
@Injectable()
export class AifaceListener {
  private server?: Server;
  private readonly connections = new Set<AifaceConnection>();
  private lookAround?: NodeJS.Timeout;

  constructor(
    private readonly sessions: AifaceSessions,
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
  ) {}

  /** Begins to listen; gives the port. @throws whatever the operating system says, with its `code` */
  async listen(options: ListenOptions, host: TerminalHost): Promise<number> {
    const { tls } = options;
    const reception = new AifaceReception(this.sessions, this.clock, host);
    const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }) : createServer();
    const webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: LARGEST_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    server.on('request', (_request, response) => response.writeHead(426, { connection: 'close' }).end());
    // A terminal that is set to its older protocol sends bytes that are no HTTP, every few seconds.
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('upgrade', (request, socket, head) => this.upgrade(webSockets, reception, request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
    this.server = server;
    this.lookAround = setInterval(() => this.endTheSilent(), this.timeouts.silenceMs / LOOKS_PER_SILENCE);
    return (server.address() as AddressInfo).port;
  }

  /** Ends all connections and stops to listen; what terminals had sent is dealt with first. Safe to repeat. */
  async stop(): Promise<void> {
    clearInterval(this.lookAround);
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    const connections = [...this.connections];
    for (const connection of connections) {
      connection.end(new DeviceError('device/connection-lost', 'The server is stopping; the terminal dials again'));
    }
    await Promise.all(connections.map((connection) => connection.settled()));
    server.closeAllConnections();
    await closed;
  }

  /** The serial numbers of the terminals that are connected. */
  connected(): string[] {
    return this.sessions.all().flatMap(({ serialNumber }) => serialNumber ?? []);
  }

  /** With which algorithm a connected terminal makes its fingerprints; undefined: it does not tell. */
  fingerprintAlgorithmOf(serialNumber: string): string | undefined {
    return this.sessions.find(serialNumber)?.info?.fingerprintAlgorithm;
  }

  private upgrade(
    webSockets: WebSocketServer,
    reception: AifaceReception,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    const address = addressOf(request);
    socket.on('error', () => socket.destroy());
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.end(UPGRADE_REQUIRED);
      return;
    }
    const strangers = [...this.connections].filter(
      (other) => other.serialNumber === undefined && other.address === address,
    );
    const connections = this.connections.size;
    if (connections >= MOST_CONNECTIONS) {
      reception.alarm({ kind: 'too-many-connections', address, connections });
      socket.end(TOO_MANY);
      return;
    }
    // Whoever has said nothing for longest makes room: mute connections must not shut out a terminal that speaks.
    if (strangers.length >= MOST_UNREGISTERED)
      reception.refuse(strangers[0], { kind: 'too-many-connections', connections }, 'it said nothing');
    webSockets.handleUpgrade(request, socket, head, (webSocket) => this.accept(webSocket, address, reception));
  }

  private accept(webSocket: WebSocket, address: string, reception: AifaceReception): void {
    const messages = {
      send: (text: string): void => webSocket.send(text, () => undefined), // a failure shows as a close
      close: (): void => webSocket.close(1008),
      terminate: (): void => webSocket.terminate(),
    };
    const connection = new AifaceConnection(address, messages, reception, () => this.clock.monotonicMs());
    this.connections.add(connection);
    connection.onEnd.add(() => {
      this.connections.delete(connection);
      reception.forget(connection);
    });
    webSocket.on('message', (data) => this.receive(connection, data, reception));
    webSocket.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
        const alarm = { kind: 'oversized', limitBytes: LARGEST_MESSAGE_BYTES } as const;
        reception.refuse(connection, alarm, 'it sent too large a message');
      }
    });
    webSocket.on('close', () =>
      connection.end(new DeviceError('device/connection-lost', 'The terminal closed its connection; it dials again')),
    );
  }

  private receive(connection: AifaceConnection, data: RawData, reception: AifaceReception): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (connection.serialNumber === undefined && bytes.length > LARGEST_FIRST_MESSAGE_BYTES) {
      const alarm = { kind: 'oversized', limitBytes: LARGEST_FIRST_MESSAGE_BYTES } as const;
      reception.refuse(connection, alarm, 'its first message was too large');
      return;
    }
    connection.receive(bytes.toString('utf8'));
  }

  /** Whoever has been silent for too long is gone; before that, it is asked for the time. */
  private endTheSilent(): void {
    const { silenceMs, replyMs } = this.timeouts;
    const now = this.clock.monotonicMs();
    for (const connection of this.connections) {
      const silentMs = now - connection.lastHeardMs;
      if (silentMs >= silenceMs || (connection.serialNumber === undefined && silentMs >= replyMs)) {
        const seconds = Math.round(silentMs / 1_000);
        connection.end(new DeviceError('device/connection-lost', `The terminal was silent for ${seconds} s`));
      } else if (silentMs >= (silenceMs * 2) / 3) connection.checkAlive(replyMs);
    }
  }
}

/** An IPv4 address in its own form, also where it comes in that of IPv6. */
function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  const mapped = address.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : address;
}
