import {
  AifaceFormatError,
  type Answer,
  type Credential,
  decodeInbound,
  type DeviceInfo,
  encodeAnswer,
  encodeReadCommand,
  encodeWriteCommand,
  enrollIdOf,
  field,
  type Inbound,
  integerField,
  isReadOrSessionMessage,
  isWriteOfOneUser,
  type LogBatch,
  parseFields,
  type ReadCommand,
  type Reply,
  type WriteCommand,
} from '@app/aiface-protocol';
import { type DeviceUserId } from '@app/kernel';
import { DeviceError } from '../../device.errors.js';
import { type DeviceEvent } from '../../device-events.js';
import { afterSilence } from '../../silence-timer.js';

/** What a connection needs of a WebSocket. */
export interface MessageSocket {
  send(text: string): void;
  /** Ends it once everything has been sent. */
  close(): void;
  /** Ends it at once; the terminal dials again. */
  terminate(): void;
}

/** What the listener does for a connection; each is asked in the order of the messages. */
export interface ConnectionHost {
  /** Undefined: the connection must not go on, and has been told why. */
  register(
    connection: AifaceConnection,
    visitor: { serialNumber: string; info: DeviceInfo },
  ): Promise<Answer | undefined>;
  keepLog(serialNumber: string, batch: LogBatch): Promise<boolean>;
  keepEnrolment(serialNumber: string, credential: Credential): Promise<boolean>;
  onChangedSerial(connection: AifaceConnection, claimed: string): void;
  onFlood(connection: AifaceConnection, waiting: number, perTenSeconds: number): void;
  onMessageProblem(connection: AifaceConnection, problem: string): void;
}

/** More messages than this cannot wait for our answer: a terminal sends one and waits. */
const MOST_WAITING = 16;
/** Besides replies to us: a busy terminal on a fast network hands over some hundreds. */
const MOST_MESSAGES = 5_000;
const MESSAGES_WITHIN_MS = 10_000;
/** Replies of these say whom they are about, so that one of an earlier question can be told. */
const ECHOING: ReadonlySet<CommandName> = new Set(['getuserinfo']);

type CommandName = ReadCommand['cmd'] | WriteCommand['cmd'];

/** The name of the method that writes. The front door of this library does not give it out. */
export const WRITE = Symbol('write');

interface Question {
  readonly command: ReadCommand | WriteCommand;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: DeviceError) => void;
}

/**
 * One terminal on one WebSocket. Of our questions, one is outstanding; what the terminal sends of its own accord is
 * answered in between, in its order. A reply names the command that it answers and nothing more, so a question without
 * reply spoils its kind: the same is not asked again on this connection, unless its replies say whom they are about.
 */
export class AifaceConnection {
  serialNumber?: string;
  info?: DeviceInfo;
  /** Commands that not every firmware has: those that were answered here once, and those that met silence. */
  readonly optional = { answered: new Set<ReadCommand['cmd']>(), silent: new Set<ReadCommand['cmd']>() };
  lastHeardMs: number;
  /** Takes every event of the terminal, once it is stored. */
  readonly listeners = new Set<(event: DeviceEvent) => void>();
  /** Called at the end of the connection. */
  readonly onEnd = new Set<(error: DeviceError) => void>();
  private readonly enrolled = new Set<Set<DeviceUserId>>();
  private readonly spoiled = new Set<CommandName>();
  private failure?: DeviceError;
  private question?: Question;
  private turn: Promise<unknown> = Promise.resolve();
  private handling: Promise<void> = Promise.resolve();
  private waiting = 0;
  private messages = { since: 0, count: 0 };

  constructor(
    /** The address that the terminal calls from. */
    readonly address: string,
    private readonly socket: MessageSocket,
    private readonly host: ConnectionHost,
    private readonly nowMs: () => number,
  ) {
    this.lastHeardMs = nowMs();
  }

  get ended(): boolean {
    return this.failure !== undefined;
  }

  /** The commands to which a late reply may still come, so that they cannot be asked here any more. */
  get overdue(): ReadonlySet<CommandName> {
    return this.spoiled;
  }

  /**
   * Asks, when it is this question's turn, and gives the reply.
   * @throws {DeviceError} `device/command-not-allowed` before a byte leaves; `device/timeout`: there was no reply;
   *   `device/connection-lost`: the connection has ended, or cannot be used for this any more; `device/aborted`
   */
  async ask(command: ReadCommand, patienceMs: number, signal?: AbortSignal): Promise<Reply> {
    const text = encodeReadCommand(command);
    if (!isReadOrSessionMessage(parseFields(text))) {
      throw new DeviceError('device/command-not-allowed', `A read session may not send ${command.cmd}`);
    }
    const reply = this.turn.then(() => this.askNow(command, text, patienceMs, signal));
    this.turn = reply.catch(() => undefined);
    return reply;
  }

  /**
   * Writes, when it is its turn, and gives the reply. Once it has left and there is no reply, the connection is ended: the write
   * is never repeated, and a late reply to it can be taken for no other. For the write session alone, which knows what it was
   * armed with.
   * @param onSent called when it leaves; whatever is thrown before that, nothing was sent
   * @throws {DeviceError} as ask
   */
  async [WRITE](
    command: WriteCommand,
    patienceMs: number,
    signal: AbortSignal | undefined,
    onSent: () => void,
  ): Promise<Reply> {
    const text = encodeWriteCommand(command);
    if (!isWriteOfOneUser(parseFields(text))) {
      throw new DeviceError('device/command-not-allowed', `A write session may not send this ${command.cmd}`);
    }
    let sent = false;
    const noteSent = (): void => {
      sent = true;
      onSent();
    };
    const reply = this.turn.then(() => this.askNow(command, text, patienceMs, signal, noteSent));
    this.turn = reply.catch(() => undefined);
    try {
      return await reply;
    } catch (error) {
      const why = `The answer to ${command.cmd} was lost; the connection was closed, the terminal dials again`;
      if (sent) this.end(new DeviceError('device/connection-lost', why));
      throw error;
    }
  }

  /** Notes whom the terminal hands over from now on, until the returned object is disposed of. */
  watchEnrolments(): { readonly ids: ReadonlySet<DeviceUserId> } & Disposable {
    const ids = new Set<DeviceUserId>();
    this.enrolled.add(ids);
    return { ids, [Symbol.dispose]: () => void this.enrolled.delete(ids) };
  }

  /** Takes a message of the terminal. Its own are answered in their order, replies are taken at once. */
  receive(text: string): void {
    if (this.failure || !this.withinRate()) return;
    this.lastHeardMs = this.nowMs();
    const inbound = this.decode(text);
    if (!inbound || !this.isFromThisTerminal(inbound)) return;
    if (inbound.kind === 'reply') {
      this.takeReply(inbound);
      return;
    }
    this.waiting += 1;
    if (this.waiting > MOST_WAITING) {
      this.host.onFlood(this, this.waiting, this.messages.count);
      return;
    }
    this.handling = this.handling
      .then(() => this.handle(inbound))
      .catch((error: unknown) => {
        // A defect of ours: the terminal gets no answer, dials again and sends the same.
        this.host.onMessageProblem(this, error instanceof Error ? (error.stack ?? error.message) : String(error));
        this.end(new DeviceError('device/protocol-violation', 'A message of the terminal could not be dealt with'));
      })
      .finally(() => (this.waiting -= 1));
  }

  /** Asks for the time, unless something is being asked; no answer ends the connection. */
  checkAlive(patienceMs: number): void {
    if (this.question || this.failure) return;
    this.ask({ cmd: 'gettime' }, patienceMs).catch((error: DeviceError) => this.end(error));
  }

  /**
   * Ends the connection, whatever is under way on it; the terminal dials again. Safe to repeat.
   * @param how `politely`: what has been answered is sent first
   */
  end(error: DeviceError, how: 'at-once' | 'politely' = 'at-once'): void {
    if (this.failure) return;
    this.failure = error;
    if (how === 'politely') this.socket.close();
    else this.socket.terminate();
    this.question?.reject(error);
    for (const listener of this.onEnd) listener(error);
  }

  /** Waits until every message that came has been dealt with. */
  async settled(): Promise<void> {
    await this.handling;
  }

  private async askNow(
    command: ReadCommand | WriteCommand,
    text: string,
    patienceMs: number,
    signal: AbortSignal | undefined,
    onSent?: () => void,
  ): Promise<Reply> {
    if (this.failure) throw this.failure;
    if (this.spoiled.has(command.cmd) && !ECHOING.has(command.cmd)) {
      const why = `A reply to ${command.cmd} is overdue, and could not be told from the reply to the next one`;
      this.end(
        new DeviceError('device/connection-lost', `${why}; the connection was closed, the terminal dials again`),
      );
      throw this.failure!;
    }
    if (signal?.aborted) throw abortedBy(signal);
    let cancelTimer = (): void => undefined;
    let onAbort = (): void => undefined;
    try {
      return await new Promise<Reply>((resolve, reject) => {
        /** Its reply may still come. */
        const giveUp = (error: DeviceError): void => {
          this.spoiled.add(command.cmd);
          reject(error);
        };
        onAbort = () => giveUp(abortedBy(signal));
        cancelTimer = afterSilence(patienceMs, () =>
          giveUp(new DeviceError('device/timeout', `The terminal did not answer ${command.cmd} for ${patienceMs} ms`)),
        );
        this.question = { command, resolve, reject };
        signal?.addEventListener('abort', onAbort, { once: true });
        onSent?.();
        this.socket.send(text);
      });
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
      this.question = undefined;
    }
  }

  private decode(text: string): Inbound | undefined {
    try {
      return decodeInbound(text);
    } catch (error) {
      // Anything else is a defect of ours, and nobody's message may end the process.
      const foreseen = error instanceof AifaceFormatError;
      const problem = error instanceof Error ? error.message : String(error);
      this.host.onMessageProblem(this, foreseen ? problem : ((error as Error).stack ?? problem));
      this.end(new DeviceError('device/protocol-violation', problem));
      return undefined;
    }
  }

  private isFromThisTerminal({ kind, serialNumber }: Inbound): boolean {
    if (this.serialNumber === undefined) {
      if (kind === 'registration') return true;
      const problem = 'it sent something before it had registered';
      this.host.onMessageProblem(this, problem);
      this.end(new DeviceError('device/protocol-violation', problem));
      return false;
    }
    if (serialNumber === undefined || serialNumber === '' || serialNumber === this.serialNumber) return true;
    this.host.onChangedSerial(this, serialNumber);
    return false;
  }

  private withinRate(): boolean {
    const now = this.nowMs();
    if (now - this.messages.since > MESSAGES_WITHIN_MS) this.messages = { since: now, count: 0 };
    this.messages.count += 1;
    if (this.messages.count <= MOST_MESSAGES) return true;
    this.host.onFlood(this, this.waiting, this.messages.count);
    return false;
  }

  private takeReply(reply: Reply): void {
    // Anything else answers nothing that we want to know: it is late, or was sent twice.
    if (!this.question || !answers(reply, this.question.command, this.spoiled)) return;
    this.messages.count -= 1; // asked for, as often as we like
    this.question.resolve(reply);
  }

  private async handle(inbound: Exclude<Inbound, Reply>): Promise<void> {
    if (this.failure) return;
    const answer = await this.answerTo(inbound);
    if (answer && !this.failure) this.socket.send(encodeAnswer(answer));
  }

  private async answerTo(inbound: Exclude<Inbound, Reply>): Promise<Answer | undefined> {
    if (inbound.kind === 'registration') return this.host.register(this, inbound);
    const serialNumber = this.serialNumber!;
    if (inbound.kind === 'punches') {
      const { batch } = inbound;
      const kept = await this.host.keepLog(serialNumber, batch);
      if (kept) this.tellLog(batch);
      const numbered = batch.logIndex !== undefined && batch.logIndex >= 0;
      const echo = numbered ? { count: batch.count ?? batch.records.length, logindex: batch.logIndex } : {};
      return { ret: 'sendlog', result: kept, ...echo };
    }
    if (inbound.kind === 'enrolment') {
      const { credential } = inbound;
      for (const ids of this.enrolled) ids.add(credential.enrollId);
      const kept = await this.host.keepEnrolment(serialNumber, credential);
      if (kept) this.tell({ kind: 'enrolment' });
      return { ret: 'senduser', result: kept, enrollid: credential.enrollId, backupnum: credential.backupNumber };
    }
    if (inbound.problem) this.host.onMessageProblem(this, inbound.problem);
    return otherAnswer(inbound.command);
  }

  private tellLog({ records }: LogBatch): void {
    for (const record of records) {
      if (record.kind === 'punch') this.tell({ kind: 'punch', deviceUserId: record.enrollId, wallTime: record.time });
      else this.tell({ kind: 'other' });
    }
  }

  private tell(event: DeviceEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

function abortedBy(signal: AbortSignal | undefined): DeviceError {
  return new DeviceError('device/aborted', 'The work at the terminal was stopped', { cause: signal?.reason });
}

/** Whether a reply is to this question; where it says whom it is about, that must fit too. */
function answers(reply: Reply, command: ReadCommand | WriteCommand, spoiled: ReadonlySet<string>): boolean {
  if (reply.command !== command.cmd) return false;
  if (!('enrollid' in command)) return true;
  const echoed = enrollIdOf(field(reply.fields, 'enrollid'));
  const backupNumber = 'backupnum' in command ? command.backupnum : undefined;
  const echoedNumber = integerField(reply.fields, 'backupnum');
  if (echoed === undefined) return !spoiled.has(command.cmd);
  if (echoed !== command.enrollid) return false;
  return backupNumber === undefined || echoedNumber === undefined || echoedNumber === backupNumber;
}

/** Every message of a terminal wants an answer, or it comes again for ever. None of ours opens a door. */
function otherAnswer(command: string): Answer | undefined {
  if (command === 'sendgps' || !/^[a-z_]{2,32}$/i.test(command)) return undefined;
  if (command === 'checklive') return { ret: command, result: true };
  if (command === 'sendqrcode' || command === 'sendpin') return { ret: command, result: true, access: 0 };
  return { ret: command, result: false };
}
