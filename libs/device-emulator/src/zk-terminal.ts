import { createSocket, type RemoteInfo, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  Command,
  decodePacket,
  encodePunchEvent,
  EventBit,
  TcpPacketDecoder,
  ZkFormatError,
  ZkOperation,
  type ZkPacket,
} from '@app/zk-protocol';
import { applyEffect, type Outgoing } from './answer-effects.js';
import { CommandJournal } from './command-journal.js';
import { type Connection, DatagramConnection, StreamConnection } from './connection.js';
import { type EmulatedPunch, type EmulatedUser } from './emulated-people.js';
import { type ProtocolStep, type ZkFaults } from './faults.js';
import { type SessionHost, TerminalSession } from './terminal-session.js';
import { clockAhead } from './terminal-clock.js';
import { TerminalState } from './terminal-state.js';
import { ZkMishaps } from './zk-mishaps.js';
import { optionTable, type ZkTerminalOptions } from './zk-terminal-options.js';

const STEPS: Readonly<Record<number, ProtocolStep>> = {
  [Command.CONNECT]: 'connect',
  [Command.AUTH]: 'auth',
  [Command.OPTIONS_READ]: 'option',
  [Command.VERSION]: 'version',
  [Command.FREE_SIZES]: 'counters',
  [Command.BUFFERED_READ]: 'bulk',
  [Command.READ_CHUNK]: 'chunk',
  [Command.FREE_DATA]: 'release',
  [Command.GET_TIME]: 'time',
  [Command.EXIT]: 'exit',
  [Command.DISABLE_DEVICE]: 'disable',
  [Command.ENABLE_DEVICE]: 'enable',
  [Command.USER_WRITE]: 'user-write',
  [Command.DELETE_USER]: 'user-delete',
  [Command.PREPARE_DATA]: 'upload',
  [Command.DATA]: 'upload-data',
  [Command.SAVE_USERS_AND_TEMPLATES]: 'upload-save',
  [Command.TEMPLATE_WRITE]: 'template-write',
  [Command.REFRESH_DATA]: 'refresh',
};

/** An emulated ZK terminal over real TCP and UDP sockets. */
export class ZkTerminal implements AsyncDisposable {
  readonly journal: CommandJournal;
  private currentFaults: ZkFaults = {};
  readonly state: TerminalState;
  /** Everything that can make users disappear from it. */
  readonly mishaps = new ZkMishaps(this);
  host = '';
  port = 0;
  private server?: Server;
  private datagrams?: DatagramSocket;
  private readonly clients = new Map<Socket, Client>();
  private readonly datagramSessions = new Map<string, Client>();
  private readonly occurrences = new Map<ProtocolStep, number>();
  private connectionCount = 0;
  private sessionCount = 0;
  private counterReads = 0;

  private constructor(private readonly options: ZkTerminalOptions) {
    this.journal = new CommandJournal(options.keepsJournal);
    this.faults = options.faults ?? {};
    const { recordWidth = 72, userCapacity = 60_000 } = options;
    this.state = new TerminalState(recordWidth, userCapacity, optionTable(options), options.clock, options.punchWidth);
    this.state.clock = clockAhead(this.state.clock, options.clockOffsetSeconds ?? 0);
    if (options.templateCapacity !== undefined) this.state.templateCapacity = options.templateCapacity;
    this.state.setUsers(options.users ?? []);
    for (const template of options.templates ?? []) this.state.putTemplate(template);
    this.state.punches.push(...(options.punches ?? []));
    this.state.operations.push(...(options.operations ?? []));
  }

  /** Switches it on. Rejects with `EADDRINUSE` when the port is taken. */
  static async start(options: ZkTerminalOptions = {}): Promise<ZkTerminal> {
    const terminal = new ZkTerminal(options);
    try {
      await terminal.listen();
      return terminal;
    } catch (error) {
      await terminal.stop();
      throw error;
    }
  }

  /** What is wrong with it; assignable at any time. Occurrences are counted from the assignment. */
  get faults(): ZkFaults {
    return this.currentFaults;
  }

  set faults(faults: ZkFaults) {
    this.currentFaults = faults;
    this.occurrences.clear();
    this.counterReads = 0;
  }

  get serialNumber(): string {
    return this.state.options.get('~SerialNumber') ?? '';
  }

  users(): EmulatedUser[] {
    return this.state.users();
  }

  /** A digest of all users with credentials and templates; equal exactly when nothing about them changed. */
  snapshot(): string {
    return this.state.snapshot();
  }

  /** Somebody enrols at the keypad, or is changed there; clients that asked for it are told. */
  enrol(user: EmulatedUser): void {
    if (!this.state.records.has(user.slot)) this.state.logOperation(ZkOperation.USER_ENROLLED, user.slot);
    this.state.putUser(user);
    const slot = Buffer.alloc(2);
    slot.writeUInt16LE(user.slot);
    this.tell(EventBit.USER_ENROLLED, slot);
  }

  /** Somebody is deleted at the keypad. */
  removeUser(slot: number): void {
    if (this.state.removeUser(slot)) this.state.logOperation(ZkOperation.USER_DELETED, slot);
  }

  setUsers(users: readonly EmulatedUser[]): void {
    this.state.setUsers(users);
  }

  /** Somebody punches; clients that asked for it are told, of several in one packet. */
  addPunch(...punches: readonly EmulatedPunch[]): void {
    this.state.punches.push(...punches);
    this.tell(EventBit.PUNCH, Buffer.concat(punches.map(encodePunchEvent)));
  }

  /** How many clients listen to events now. */
  listeners(): number {
    return this.everyClient().filter(({ session }) => session.eventMask !== 0).length;
  }

  /** How many TCP clients are connected now. */
  openConnections(): number {
    return this.clients.size;
  }

  /** Whoever is connected is not any more, and sessions over UDP are forgotten. */
  dropConnections(): void {
    for (const socket of this.clients.keys()) socket.destroy();
    this.datagramSessions.clear();
  }

  /** Resolves when no TCP client is connected any more. */
  async idle(): Promise<void> {
    const gone = [...this.clients.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.all(gone);
  }

  /** Switches it off; resolves when its sockets are gone. */
  async stop(): Promise<void> {
    for (const socket of this.clients.keys()) socket.destroy();
    const { server, datagrams } = this;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
    if (datagrams) {
      this.datagrams = undefined;
      await new Promise<void>((resolve) => datagrams.close(() => resolve()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private everyClient(): Client[] {
    return [...this.clients.values(), ...this.datagramSessions.values()];
  }

  private tell(bit: number, data: Buffer): void {
    for (const { session, connection } of this.everyClient()) {
      const packet = session.event(bit, data);
      if (packet) connection.send({ packets: [{ packet }] });
    }
  }

  private async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0, transports = ['tcp', 'udp'] } = this.options;
    // A free TCP port may be taken on UDP: then another one is tried, unless a certain one is wanted.
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.host = host;
        this.port = port;
        if (transports.includes('tcp')) await this.listenTcp(host, port);
        if (transports.includes('udp')) await this.listenUdp(host, this.port);
        return;
      } catch (error) {
        const retry = port === 0 && attempt < 10 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        await this.stop();
        if (!retry) throw error;
      }
    }
  }

  private async listenTcp(host: string, port: number): Promise<void> {
    const server = createServer((socket) => this.accept(socket));
    this.server = server;
    server.listen(port, host);
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  private async listenUdp(host: string, port: number): Promise<void> {
    const datagrams = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    datagrams.bind(port, host);
    await once(datagrams, 'listening');
    this.datagrams = datagrams;
    this.port = datagrams.address().port;
    datagrams.on('message', (datagram, from) => this.receiveDatagram(datagram, from));
  }

  private accept(socket: Socket): void {
    if (this.options.connections !== 'many') for (const earlier of this.clients.keys()) earlier.destroy();
    const connection = new StreamConnection(socket, this.options.paceMs ?? 0);
    const client = this.newClient('tcp', connection);
    const decoder = new TcpPacketDecoder();
    this.clients.set(socket, client);
    socket.once('close', () => this.clients.delete(socket));
    socket.on('data', (chunk) => {
      try {
        for (const packet of decoder.push(chunk)) this.receive(client, packet);
      } catch (error) {
        if (!(error instanceof ZkFormatError)) throw error;
        socket.destroy();
      }
    });
  }

  private receiveDatagram(datagram: Buffer, from: RemoteInfo): void {
    const key = `${from.address}:${from.port}`;
    const known = this.datagramSessions.get(key);
    const client =
      known ??
      this.newClient('udp', new DatagramConnection((bytes) => this.datagrams?.send(bytes, from.port, from.address)));
    this.datagramSessions.set(key, client);
    try {
      this.receive(client, decodePacket(datagram));
    } catch (error) {
      if (!(error instanceof ZkFormatError)) throw error; // a damaged datagram is like a lost one
    }
  }

  private newClient(transport: 'tcp' | 'udp', connection: Connection): Client {
    this.connectionCount += 1;
    this.sessionCount += 1;
    const packetBytes = this.options.packetBytes ?? (transport === 'tcp' ? 1008 : 1024);
    const host = this.sessionHost(packetBytes);
    const id = this.options.sessionId ?? 0x1000 + (this.sessionCount % 0xe000);
    return { transport, connection, number: this.connectionCount, session: new TerminalSession(host, id) };
  }

  private receive(client: Client, request: ZkPacket): void {
    const { command, data } = request;
    this.journal.add({ transport: client.transport, connection: client.number, command, data: Buffer.from(data) });
    if (client.held) client.connection.send(client.held);
    client.held = undefined;
    const effect = this.effectFor(command);
    const heeded = effect?.kind !== 'refuse' && effect?.kind !== 'unheeded';
    const answer = heeded ? client.session.answer(request) : [];
    const outgoing = applyEffect(effect, answer, request, client.session.id);
    if (outgoing.late) client.held = { ...outgoing, late: false };
    else if (command === Command.RESTART) client.connection.send({ packets: [], afterwards: 'close' });
    else client.connection.send(outgoing);
  }

  private effectFor(command: number): NonNullable<ZkFaults['answers']>[number]['effect'] | undefined {
    const step = STEPS[command];
    if (step === undefined) return undefined;
    const occurrence = (this.occurrences.get(step) ?? 0) + 1;
    this.occurrences.set(step, occurrence);
    return this.faults.answers?.find((fault) => fault.step === step && (fault.nth ?? occurrence) === occurrence)
      ?.effect;
  }

  /** What a session sees of the terminal; always the faults of this very moment. */
  private sessionHost(packetBytes: number): SessionHost {
    const { state, options } = this;
    const current = {
      faults: () => this.faults,
      counterReads: () => this.counterReads,
      countRead: (reads: number) => (this.counterReads = reads),
    };
    return {
      state,
      packetBytes,
      commKey: options.commKey ?? 0,
      get faults() {
        return current.faults();
      },
      get counterReads() {
        return current.counterReads();
      },
      set counterReads(reads) {
        current.countRead(reads);
      },
    };
  }
}

interface Client {
  readonly transport: 'tcp' | 'udp';
  readonly connection: Connection;
  readonly number: number;
  readonly session: TerminalSession;
  /** An answer that is held back until the next request. */
  held?: Outgoing;
}
