import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { type Duplex } from 'node:stream';
import { type Answer, type Credential, type DeviceInfo, type LogBatch } from '@app/aiface-protocol';
import { Clock } from '@app/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { DeviceError } from '../../device.errors.js';
import { GATEWAY_TIMEOUTS, type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type TerminalAlarm, TerminalHost } from '../../terminal-host.js';
import { AifaceConnection, type ConnectionHost } from './aiface-connection.js';
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
const PROBLEM_AGAIN_MS = 60_000;
const MOST_PROBLEMS = 1_000;
const UPGRADE_REQUIRED = 'HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const TOO_MANY = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * The port that AiFace terminals dial in to: a WebSocket on any path, since firmware differs in it. Who may stay and
 * where things are kept is up to the host. Nothing is sent that the terminal did not ask for, except by a reader;
 * WebSocket pings are not sent at all, since terminals do not answer them.
 */
@Injectable()
export class AifaceListener {
  private readonly logger = new Logger('AifaceListener');
  private server?: Server;
  private readonly sockets = new Map<AifaceConnection, WebSocket>();
  private readonly toldProblems = new Map<string, number>();
  private lookAround?: NodeJS.Timeout;

  constructor(
    private readonly sessions: AifaceSessions,
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
  ) {}

  /** Begins to listen; gives the port. @throws whatever the operating system says, with its `code` */
  async listen(options: ListenOptions, host: TerminalHost): Promise<number> {
    const { tls } = options;
    const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }) : createServer();
    const webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: LARGEST_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    server.on('request', (_request, response) => response.writeHead(426, { connection: 'close' }).end());
    // A terminal that is set to its older protocol sends bytes that are no HTTP, every few seconds.
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('upgrade', (request, socket, head) => this.upgrade(webSockets, host, request, socket, head));
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
    const connections = [...this.sockets.keys()];
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
    host: TerminalHost,
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
    const strangers = [...this.sockets.keys()].filter(
      (other) => other.serialNumber === undefined && other.address === address,
    );
    const connections = this.sockets.size;
    if (connections >= MOST_CONNECTIONS) {
      host.alarm({ kind: 'too-many-connections', address, connections });
      socket.end(TOO_MANY);
      return;
    }
    // Whoever has said nothing for longest makes room: mute connections must not shut out a terminal that speaks.
    if (strangers.length >= MOST_UNREGISTERED)
      this.refuse(strangers[0], host, { kind: 'too-many-connections', connections }, 'it said nothing');
    webSockets.handleUpgrade(request, socket, head, (webSocket) => this.accept(webSocket, address, host));
  }

  private accept(webSocket: WebSocket, address: string, host: TerminalHost): void {
    const messages = {
      send: (text: string): void => webSocket.send(text, () => undefined), // a failure shows as a close
      close: (): void => webSocket.close(1008),
      terminate: (): void => webSocket.terminate(),
    };
    const connection = new AifaceConnection(address, messages, this.hostOf(host), () => this.clock.monotonicMs());
    this.sockets.set(connection, webSocket);
    connection.onEnd.add(() => this.forget(connection, host));
    webSocket.on('message', (data) => this.receive(connection, data, host));
    webSocket.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
        this.refuse(
          connection,
          host,
          { kind: 'oversized', limitBytes: LARGEST_MESSAGE_BYTES },
          'it sent too large a message',
        );
      }
    });
    webSocket.on('close', () =>
      connection.end(new DeviceError('device/connection-lost', 'The terminal closed its connection; it dials again')),
    );
  }

  private receive(connection: AifaceConnection, data: RawData, host: TerminalHost): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (connection.serialNumber === undefined && bytes.length > LARGEST_FIRST_MESSAGE_BYTES) {
      const alarm = { kind: 'oversized', limitBytes: LARGEST_FIRST_MESSAGE_BYTES } as const;
      this.refuse(connection, host, alarm, 'its first message was too large');
      return;
    }
    connection.receive(bytes.toString('utf8'));
  }

  private forget(connection: AifaceConnection, host: TerminalHost): void {
    this.sockets.delete(connection);
    if (this.sessions.remove(connection)) host.left(connection.serialNumber!);
  }

  private hostOf(host: TerminalHost): ConnectionHost {
    return {
      register: (connection, visitor) => this.register(host, connection, visitor),
      keepLog: (serialNumber, batch) => this.kept(serialNumber, () => host.keepLog(serialNumber, whole(batch))),
      keepEnrolment: (serialNumber: string, credential: Credential) =>
        this.kept(serialNumber, () => host.keepEnrolment(serialNumber, credential)),
      onChangedSerial: (connection, claimed) =>
        this.refuse(connection, host, { kind: 'changed-serial', claimed }, `it now calls itself ${claimed}`),
      onFlood: (connection, waiting, perTenSeconds) =>
        this.refuse(connection, host, { kind: 'flood', waiting, perTenSeconds }, 'it sends more than it waits for'),
      onMessageProblem: (connection, problem) => this.tellProblem(connection, problem),
    };
  }

  /** Once a minute for the same: whoever dials again and again must not fill the log. */
  private tellProblem(connection: AifaceConnection, problem: string): void {
    const now = this.clock.monotonicMs();
    for (const [key, atMs] of this.toldProblems) if (now - atMs > PROBLEM_AGAIN_MS) this.toldProblems.delete(key);
    const key = `${connection.address} ${connection.serialNumber ?? ''} ${problem}`;
    if (this.toldProblems.has(key) || this.toldProblems.size >= MOST_PROBLEMS) return;
    this.toldProblems.set(key, now);
    this.logger.warn({ msg: 'a message of a terminal makes no sense', ...aboutOf(connection), problem });
  }

  /** Decides, takes the connection into the register, and says what is to be answered. */
  private async register(
    host: TerminalHost,
    connection: AifaceConnection,
    { serialNumber, info }: { serialNumber: string; info: DeviceInfo },
  ): Promise<Answer | undefined> {
    const { address } = connection;
    const taken = this.refusalOfSecond(host, connection, serialNumber);
    if (taken) return taken;
    const { model, firmware, fingerprintAlgorithm, mac, counters, capacity, time: clock } = info;
    const again = connection.serialNumber !== undefined;
    const about = { model, firmware, fingerprintAlgorithm, mac, counters, capacity, clock };
    const admission = await this.decide(host, { serialNumber, address, again, ...about });
    if (connection.ended) return undefined;
    if (!admission.admitted) {
      this.endSoon(connection, admission.reason);
      return { ret: 'reg', result: false, reason: admission.reason };
    }
    const takenMeanwhile = this.refusalOfSecond(host, connection, serialNumber);
    if (takenMeanwhile) return takenMeanwhile;
    connection.serialNumber = serialNumber;
    connection.info = info;
    const former = this.sessions.replace(serialNumber, connection);
    former?.end(
      new DeviceError('device/connection-lost', 'The terminal dialled again, and has another connection now'),
    );
    if (!again) host.arrived(serialNumber, address);
    return { ret: 'reg', result: true, cloudtime: admission.localTime };
  }

  /** A terminal that dials again from its address has a dead connection; from elsewhere, it is another one. */
  private refusalOfSecond(host: TerminalHost, connection: AifaceConnection, serialNumber: string): Answer | undefined {
    const first = this.sessions.find(serialNumber);
    if (!first || first === connection || first.address === connection.address) return undefined;
    const { address } = connection;
    host.alarm({ kind: 'second-connection', address, serialNumber, firstAddress: first.address });
    this.endSoon(connection, `serial number ${serialNumber} is connected from ${first.address}`);
    return { ret: 'reg', result: false, reason: 'this serial number is connected already' };
  }

  private async decide(
    host: TerminalHost,
    visitor: Parameters<TerminalHost['admit']>[0],
  ): ReturnType<TerminalHost['admit']> {
    try {
      return await host.admit(visitor);
    } catch (error) {
      const { serialNumber, address } = visitor;
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error({
        msg: 'a terminal could not be admitted; it dials again',
        serial_number: serialNumber,
        address,
        reason,
      });
      return { admitted: false, reason: 'the server is not ready, try again' };
    }
  }

  /** What is not kept is not acknowledged either: the terminal sends it again. */
  private async kept(serialNumber: string, keep: () => Promise<void>): Promise<boolean> {
    try {
      await keep();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error({
        msg: 'what a terminal handed over could not be kept; it sends it again',
        serial_number: serialNumber,
        reason,
      });
      return false;
    }
  }

  /** Closes a connection without an answer, and tells of it. */
  private refuse(
    connection: AifaceConnection,
    host: TerminalHost,
    alarm: Pick<TerminalAlarm, 'kind'> & Record<string, unknown>,
    why: string,
  ): void {
    if (connection.ended) return;
    const { address, serialNumber } = connection;
    host.alarm({ ...alarm, address, serialNumber } as TerminalAlarm);
    connection.end(new DeviceError('device/connection-lost', `The connection of the terminal was closed: ${why}`));
  }

  /** Once the answer is on its way. */
  private endSoon(connection: AifaceConnection, why: string): void {
    const error = new DeviceError('device/refused', `The terminal was refused: ${why}`);
    setImmediate(() => connection.end(error, 'politely'));
  }

  /** Whoever has been silent for too long is gone; before that, it is asked for the time. */
  private endTheSilent(): void {
    const { silenceMs, replyMs } = this.timeouts;
    const now = this.clock.monotonicMs();
    for (const connection of this.sockets.keys()) {
      const silentMs = now - connection.lastHeardMs;
      if (silentMs >= silenceMs || (connection.serialNumber === undefined && silentMs >= replyMs)) {
        const seconds = Math.round(silentMs / 1_000);
        connection.end(new DeviceError('device/connection-lost', `The terminal was silent for ${seconds} s`));
      } else if (silentMs >= (silenceMs * 2) / 3) connection.checkAlive(replyMs);
    }
  }
}

/** A batch that announces more records than it has was cut: it must come again, whole. */
function whole(batch: LogBatch): LogBatch {
  const received = batch.records.length + batch.unreadable.length;
  if (batch.count === undefined || batch.count <= received) return batch;
  throw new Error(`a message announces ${batch.count} log entries and has ${received}`);
}

function aboutOf({ serialNumber, address }: AifaceConnection): object {
  return { serial_number: serialNumber, address };
}

/** An IPv4 address in its own form, also where it comes in that of IPv6. */
function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  const mapped = address.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : address;
}
