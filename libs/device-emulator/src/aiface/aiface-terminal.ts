import { type Fields, parseFields } from '@app/aiface-protocol';
import { formatWallTime, parseWallTime, type WallTime, wallTimeFromDate, wallTimeToDate } from '@app/kernel';
import { type RawData, WebSocket } from 'ws';
import { Happenings } from '../happenings.js';
import { AifaceAnswers } from './aiface-answers.js';
import { sendWith } from './aiface-effects.js';
import { AIFACE_WRITE_STEPS, type AifaceEffect, type AifaceFaults, type AifaceStep } from './aiface-faults.js';
import { AifaceMishaps } from './aiface-mishaps.js';
import { type EmulatedAifacePunch, type EmulatedAifaceUser } from './aiface-people.js';
import { AIFACE_PROFILES, type AifaceProfile, type AifaceProfileName } from './aiface-profiles.js';
import { AifaceState, idForWire, logEntryOf, punchOf } from './aiface-state.js';
import { MessageJournal } from './message-journal.js';

/** What an emulated AiFace terminal is; all of it has a faithful default. */
export interface AifaceTerminalOptions {
  /** Where it dials, such as `ws://127.0.0.1:7788`; `/pub/chat` unless the URL has a path. */
  readonly server: string;
  readonly serialNumber?: string;
  readonly profile?: AifaceProfileName;
  /** Those of the profile unless given. */
  readonly firmware?: string;
  /** null: it does not tell. */
  readonly fingerprintAlgorithm?: string | null;
  readonly users?: readonly EmulatedAifaceUser[];
  readonly punches?: readonly EmulatedAifacePunch[];
  /** Whether a server has taken these punches and users before; new ones it has not. */
  readonly known?: boolean;
  readonly userCapacity?: number;
  /** What its clock shows when it is switched on; it runs on from there. The time in UTC unless given. */
  readonly clock?: WallTime;
  /** After a connection has ended; 5 s on real ones. */
  readonly redialMs?: number;
  /** How long it waits for an answer of the server before it repeats or redials; 20 s on real ones. */
  readonly answerMs?: number;
  /** How often it says that it is there, while it has nothing else to say. */
  readonly heartbeatMs?: number;
  readonly faults?: AifaceFaults;
  /** Whether its journal keeps every message that it was ever told; so unless given. */
  readonly keepsJournal?: boolean;
  readonly onLog?: (text: string) => void;
}

const STEPS: Readonly<Record<string, AifaceStep>> = {
  reg: 'reg',
  getdevcap: 'counters',
  getuserlist: 'list',
  getuserids: 'ids',
  getuserinfo: 'info',
  getusername: 'name',
  getalllog: 'log',
  gettime: 'time',
  setuserinfo: 'set',
  deleteuser: 'delete',
  enableuser: 'enable',
};
const WRITES: ReadonlySet<string> = new Set<string>(AIFACE_WRITE_STEPS);
const LOG_BATCH = 50;

/**
 * An emulated AiFace terminal. It dials out over a real socket, registers, obeys, hands over punches and enrolments until
 * they are acknowledged, and dials again when the connection ends.
 */
export class AifaceTerminal implements AsyncDisposable {
  readonly journal: MessageJournal;
  readonly state: AifaceState;
  /** Everything that can make users disappear from it. */
  readonly mishaps = new AifaceMishaps({
    state: () => this.state,
    enrol: (user) => this.enrol(user),
    drop: () => this.drop(),
    setClock: (time) => this.setClock(time),
    become: (identity) => this.become(identity),
  });
  readonly profile: AifaceProfile;
  /** Why the server refused it, as it would stand on its screen; undefined: it did not. */
  refusedBecause?: string;
  private currentSerialNumber: string;
  private firmware: string;
  private currentFaults: AifaceFaults = {};
  private socket?: WebSocket;
  private answers?: AifaceAnswers;
  private registered = false;
  private connections = 0;
  private readonly occurrences = new Map<AifaceStep, number>();
  private clock: { readonly shown: number; readonly at: number };
  /** What the server has to answer: one message at a time. */
  private pushed?: { readonly command: string; readonly done: () => void };
  private readonly timers = new Set<NodeJS.Timeout>();
  private heartbeat?: NodeJS.Timeout;
  private held?: string;
  private stopped = false;
  private readonly happenings = new Happenings();

  private constructor(private readonly options: AifaceTerminalOptions) {
    const { serialNumber = 'EMULATEDAI06', profile = 'ai06', users = [], punches = [], known = true } = options;
    this.journal = new MessageJournal(options.keepsJournal);
    this.currentSerialNumber = serialNumber;
    this.profile = AIFACE_PROFILES[profile];
    this.firmware = options.firmware ?? this.profile.firmware;
    this.state = new AifaceState(options.userCapacity ?? 5_000, this.profile);
    this.state.setUsers(users);
    this.state.log.push(...punches.map((punch) => ({ punch, taken: known })));
    if (!known) for (const user of users) this.handOverLater(user);
    this.clock = { shown: Date.now(), at: Date.now() };
    if (options.clock) this.setClock(options.clock);
    this.faults = options.faults ?? {};
  }

  /** Switches it on; it dials until it is switched off, whether a server is there or not. */
  static start(options: AifaceTerminalOptions): AifaceTerminal {
    const terminal = new AifaceTerminal(options);
    terminal.dial();
    return terminal;
  }

  /** What is wrong with it; assignable at any time. Occurrences are counted from the assignment. */
  get faults(): AifaceFaults {
    return this.currentFaults;
  }

  set faults(faults: AifaceFaults) {
    this.currentFaults = faults;
    this.occurrences.clear();
    this.answers?.forget();
  }

  get serialNumber(): string {
    return this.currentSerialNumber;
  }

  /** Whether the server has accepted its registration on the connection that it has. */
  get isRegistered(): boolean {
    return this.registered;
  }

  /** How often it has dialled. */
  get dialled(): number {
    return this.connections;
  }

  users(): EmulatedAifaceUser[] {
    return this.state.users();
  }

  setUsers(users: readonly EmulatedAifaceUser[]): void {
    this.state.setUsers(users);
  }

  snapshot(): string {
    return this.state.snapshot();
  }

  /** What its clock shows. */
  time(): WallTime {
    return wallTimeFromDate(new Date(this.clock.shown + Date.now() - this.clock.at));
  }

  /** Somebody enrols at the keypad; the terminal hands it over, credential by credential. */
  enrol(user: EmulatedAifaceUser): void {
    this.state.putUser(user);
    this.handOverLater(user);
    this.push();
  }

  /** Somebody is deleted at the keypad. */
  removeUser(enrollId: string): void {
    this.state.removeUser(enrollId);
  }

  /** Somebody punches; the terminal hands it over until it is told that it may forget. */
  addPunch(...punches: readonly EmulatedAifacePunch[]): void {
    this.state.log.push(...punches.map((punch) => ({ punch, taken: false })));
    this.push();
  }

  /** A user punches now, by the terminal's clock. */
  punch(user: EmulatedAifaceUser, inOut = 0): EmulatedAifacePunch {
    const punch = punchOf(user, this.time(), inOut);
    this.addPunch(punch);
    return punch;
  }

  /** Sends a text as it is, on the connection that it has: what a stranger might send. */
  sendRaw(text: string): void {
    this.socket?.send(text);
  }

  /** Drops the connection; it dials again. */
  drop(): void {
    this.socket?.terminate();
  }

  /** Resolves when the condition holds; it is looked at whenever something happens to the terminal. */
  until(condition: () => boolean): Promise<void> {
    return this.happenings.until(condition);
  }

  /** Switches it off. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    const { socket } = this;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.terminate();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A day that no calendar has is not taken. */
  private setClock(time: WallTime): void {
    const shown = wallTimeToDate(time);
    if (shown) this.clock = { shown: shown.getTime(), at: Date.now() };
  }

  private become(identity: { readonly serialNumber?: string; readonly firmware?: string }): void {
    this.currentSerialNumber = identity.serialNumber ?? this.currentSerialNumber;
    this.firmware = identity.firmware ?? this.firmware;
  }

  private dial(): void {
    if (this.stopped) return;
    const url = new URL(this.options.server);
    if (url.pathname === '/') url.pathname = '/pub/chat';
    const socket = new WebSocket(url, { perMessageDeflate: false, autoPong: false });
    this.connections += 1;
    this.socket = socket;
    this.registered = false;
    this.pushed = undefined;
    this.held = undefined;
    this.answers = new AifaceAnswers(this.state, this.profile, {
      serialNumber: this.serialNumber,
      faults: () => this.faults,
      time: () => this.time(),
      enrol: (user) => this.enrol(user),
    });
    socket.on('open', () => this.register(socket));
    socket.on('message', (data) => this.receive(socket, data));
    socket.on('error', () => undefined); // a close follows
    socket.on('close', () => {
      this.registered = false;
      this.happenings.happened();
      if (this.socket === socket) this.later(this.options.redialMs ?? 5_000, () => this.dial());
    });
  }

  /** Again and again until it is answered. */
  private register(socket: WebSocket): void {
    if (socket !== this.socket || this.registered || socket.readyState !== WebSocket.OPEN) return;
    const { model, knows } = this.profile;
    const { fingerprintAlgorithm: algorithm = 'thbio3.0' } = this.options;
    const devinfo = {
      modelname: model,
      ...this.state.capacity(),
      ...this.answers?.counters(knows.counters),
      ...(algorithm === null ? {} : { fpalgo: algorithm }),
      firmware: this.firmware,
      time: formatWallTime(this.time()),
      mac: '00-01-A9-00-00-01',
    };
    this.sendThrough('reg', { cmd: 'reg', sn: this.serialNumber, devinfo });
    this.later(this.answerMs, () => this.register(socket));
  }

  private get answerMs(): number {
    return this.options.answerMs ?? 20_000;
  }

  private receive(socket: WebSocket, data: RawData): void {
    if (socket !== this.socket) return;
    const message = parseFields(Buffer.from(data as Buffer).toString('utf8'));
    this.journal.add({ connection: this.connections, message });
    const { cmd: command, ret: answered } = message;
    if (answered === 'reg') this.takeRegistration(message);
    else if (typeof answered === 'string') this.takeAcknowledgement(answered, message);
    else if (typeof command === 'string') this.obey(command, message);
    this.happenings.happened();
  }

  private takeRegistration({ result, cloudtime, reason }: Fields): void {
    this.registered = result === true;
    this.refusedBecause = this.registered ? undefined : String(reason);
    const time = typeof cloudtime === 'string' ? parseWallTime(cloudtime) : undefined;
    if (this.registered && time) this.setClock(time);
    this.options.onLog?.(this.registered ? 'registered' : `refused: ${this.refusedBecause}`);
    if (this.registered && this.socket) this.beat(this.socket);
    this.push();
  }

  /** A heartbeat without an answer is a dead connection. */
  private beat(socket: WebSocket): void {
    clearTimeout(this.heartbeat);
    this.heartbeat = this.later(this.options.heartbeatMs ?? 60_000, () => {
      if (socket !== this.socket || !this.registered) return;
      if (!this.pushed) {
        const heartbeat = { cmd: 'checklive', sn: this.serialNumber, time: formatWallTime(this.time()) };
        this.handOver(heartbeat, () => undefined);
      }
      this.beat(socket);
    });
  }

  private takeAcknowledgement(answered: string, message: Fields): void {
    const { pushed } = this;
    if (pushed?.command !== answered || message.result !== true) return;
    if (answered === 'sendlog' && this.profile.needsMark && message.mark !== true) return;
    this.pushed = undefined;
    pushed.done();
    this.push();
  }

  private obey(command: string, message: Fields): void {
    if (command === 'reboot') {
      this.drop();
      return;
    }
    const held = this.held;
    this.held = undefined;
    if (held !== undefined) this.socket?.send(held);
    const step = STEPS[command];
    if (step !== undefined && WRITES.has(step)) this.obeyWrite(step, command, message);
    else {
      const reply = this.answers?.reply(command, message);
      if (reply) this.sendThrough(step, reply);
    }
  }

  /** What goes wrong with a write is known before it is done, since it may keep it from being done. */
  private obeyWrite(step: AifaceStep, command: string, message: Fields): void {
    const effect = this.effectAt(step);
    const about = { ret: command, sn: this.serialNumber, enrollid: message.enrollid };
    if (effect?.kind === 'decline') {
      const { reason = 1, text: msg } = effect;
      this.socket?.send(JSON.stringify({ ...about, result: false, reason, ...(msg ? { msg } : {}) }));
    } else if (effect?.kind === 'unheeded') {
      if (effect.reply === 'ok') this.socket?.send(JSON.stringify({ ...about, result: true }));
      if (effect.reply === 'reconnect') this.drop();
    } else {
      const reply = this.answers?.reply(command, message);
      if (!reply) return;
      if (effect) this.sendWith(effect, reply, JSON.stringify(reply));
      else this.socket?.send(JSON.stringify(reply));
    }
  }

  /** Hands over what the server has not got: one message, then its acknowledgement, then the next. */
  private push(): void {
    const { socket } = this;
    if (!this.registered || this.pushed || socket?.readyState !== WebSocket.OPEN) return;
    const batch = this.state.log.filter(({ taken }) => !taken).slice(0, LOG_BATCH);
    if (batch.length > 0) {
      const logindex = this.state.log.indexOf(batch[0]);
      const record = batch.map(({ punch }) => logEntryOf(punch, this.state.find(punch.enrollId)?.name));
      this.handOver({ cmd: 'sendlog', sn: this.serialNumber, count: batch.length, logindex, record }, () => {
        for (const entry of batch) entry.taken = true;
      });
      return;
    }
    const [next] = this.state.unknownToServer;
    if (!next) return;
    const user = this.state.find(next.enrollId);
    const record = user?.credentials.get(next.backupNumber);
    if (!user || record === undefined) {
      this.state.unknownToServer.shift(); // deleted meanwhile
      this.push();
      return;
    }
    const { enrollId, name, admin } = user;
    const credential = { enrollid: idForWire(enrollId), name, backupnum: next.backupNumber, admin, record };
    this.handOver({ cmd: 'senduser', sn: this.serialNumber, ...credential }, () => {
      this.state.unknownToServer.shift();
    });
  }

  private handOver(message: Fields, done: () => void): void {
    const pushed = { command: String(message.cmd), done };
    this.pushed = pushed;
    this.socket?.send(JSON.stringify(message));
    // Without an answer it closes the connection, dials again, and sends the same.
    this.later(this.answerMs, () => {
      if (this.pushed === pushed) this.drop();
    });
  }

  private handOverLater({ enrollId, credentials }: EmulatedAifaceUser): void {
    for (const backupNumber of credentials.keys()) this.state.unknownToServer.push({ enrollId, backupNumber });
  }

  private sendThrough(step: AifaceStep | undefined, message: Fields): void {
    const effect = step && this.effectAt(step);
    const text = JSON.stringify(message);
    if (effect) this.sendWith(effect, message, text);
    else this.socket?.send(text);
  }

  private sendWith(effect: AifaceEffect, message: Fields, text: string): void {
    const [first] = this.users();
    if (effect.kind === 'push-first' && first) this.punch(first);
    if (effect.kind === 'late') this.held = text;
    else sendWith(this.socket!, effect, message, text);
  }

  private effectAt(step: AifaceStep): AifaceEffect | undefined {
    const occurrence = (this.occurrences.get(step) ?? 0) + 1;
    this.occurrences.set(step, occurrence);
    const fault = this.faults.replies?.find((each) => each.step === step && (each.nth ?? occurrence) === occurrence);
    return fault?.effect;
  }

  private later(durationMs: number, work: () => void): NodeJS.Timeout | undefined {
    if (this.stopped) return undefined;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, durationMs);
    this.timers.add(timer);
    return timer;
  }
}
