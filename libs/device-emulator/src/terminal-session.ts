import {
  type BufferedRead,
  Command,
  decodeBufferedRead,
  decodeChunkRequest,
  decodeOptionRequest,
  encodeBufferStatus,
  encodeOptionReply,
  encodePrepareData,
  encodeTime,
  Reply,
  verifyCommKey,
  ZkFormatError,
  type ZkPacket,
} from '@app/zk-protocol';
import { type ZkFaults } from './faults.js';
import { obeyWrite } from './terminal-writes.js';
import { type TerminalState } from './terminal-state.js';

/** What a session may ask of its terminal. */
export interface SessionHost {
  readonly state: TerminalState;
  readonly faults: ZkFaults;
  readonly commKey: number;
  readonly packetBytes: number;
  /** How many times the counters were read since the terminal started. */
  counterReads: number;
}

const NO_DATA = Buffer.alloc(0);
const DIRECT_BYTES = 1024;
const ALL_USERS = 5;

/** One client's conversation with the terminal: takes a request, gives the packets of the answer. */
export class TerminalSession {
  authorised = false;
  /** Which events this client asked for. */
  eventMask = 0;
  private readBuffer: Buffer = NO_DATA;
  readonly uploads: Buffer[] = [];

  constructor(
    private readonly host: SessionHost,
    readonly id: number,
  ) {}

  /** No packets: a terminal that does not answer this. */
  answer(request: ZkPacket): ZkPacket[] {
    try {
      return this.dispatch(request);
    } catch (error) {
      if (!(error instanceof ZkFormatError) && (error as Error).name !== 'RangeError') throw error;
      return [this.reply(request, Reply.ERROR)]; // data too short for its command
    }
  }

  /** The packet that tells this client of an event; undefined: it did not ask for such. */
  event(bit: number, data: Buffer): ZkPacket | undefined {
    if (!this.authorised || (this.eventMask & bit) === 0) return undefined;
    return { command: Command.REG_EVENT, session: bit, reply: 0, data };
  }

  /** A packet of this session that answers `request`. */
  reply(request: ZkPacket, code: number, data: Buffer = NO_DATA, session = this.id): ZkPacket {
    return { command: code, session, reply: request.reply, data };
  }

  private dispatch(request: ZkPacket): ZkPacket[] {
    const { command, data } = request;
    if (command === Command.CONNECT) {
      this.authorised = this.host.commKey === 0;
      return [this.reply(request, this.authorised ? Reply.OK : Reply.UNAUTHORISED)];
    }
    if (command === Command.AUTH) {
      this.authorised = verifyCommKey(this.host.commKey, this.id, data);
      return [this.reply(request, this.authorised ? Reply.OK : Reply.UNAUTHORISED)];
    }
    if (command === Reply.OK) return []; // acknowledges an event
    if (command === Command.EXIT) return [this.reply(request, Reply.OK)];
    if (!this.authorised) return [this.reply(request, Reply.UNAUTHORISED)];
    return (
      this.read(request) ??
      obeyWrite(this, this.host.state, request, this.host.faults.habits) ?? [this.reply(request, Reply.UNKNOWN_COMMAND)]
    );
  }

  private read(request: ZkPacket): ZkPacket[] | undefined {
    const { command, data } = request;
    const { state } = this.host;
    const ok = (answer: Buffer = NO_DATA): ZkPacket[] => [this.reply(request, Reply.OK, answer)];
    switch (command) {
      case Command.OPTIONS_READ:
        return [this.option(request, decodeOptionRequest(data))];
      case Command.FREE_SIZES:
        return ok(state.counters(this.counterLie(), this.host.faults.lies));
      case Command.VERSION:
        return ok(Buffer.from(`${state.options.get('FirmVer') ?? 'Ver 6.60'}\0`));
      case Command.GET_TIME:
        return ok(u32(encodeTime(state.clock())));
      case Command.STATE_READ:
        return [this.reply(request, Reply.OK, NO_DATA, 0)];
      case Command.PIN_WIDTH:
        return ok(Buffer.from([Number(state.options.get('~PIN2Width') ?? 9)]));
      case Command.FREE_DATA:
        this.readBuffer = NO_DATA;
        this.uploads.length = 0;
        return ok();
      case Command.REG_EVENT:
        this.eventMask = data.length >= 4 ? data.readUInt32LE(0) : 0;
        return ok();
      case Command.BUFFERED_READ:
        return this.bufferedRead(request);
      case Command.READ_CHUNK:
        return this.chunk(request);
      case Command.USERTEMP_READ:
        return data.length === 1
          ? this.direct(request, { inner: command, dataType: data[0], extra: 0 })
          : this.template(request, 0);
      case Command.TEMPLATE_READ:
        return this.template(request, 1);
      case Command.DB_READ:
        return this.direct(request, { inner: command, dataType: data[0] ?? 0, extra: 0 });
      case Command.ATTLOG_READ:
      case Command.OPLOG_READ:
        return this.direct(request, { inner: command, dataType: 0, extra: 0 });
      default:
        return undefined;
    }
  }

  private option(request: ZkPacket, name: string): ZkPacket {
    const lie = name === '~SerialNumber' ? this.host.faults.lies?.serialNumber : undefined;
    const value = lie ?? this.host.state.options.get(name);
    if (value === undefined) return this.reply(request, Reply.ERROR);
    const doubled = this.host.faults.habits?.doubledEquals ? '=' : '';
    return this.reply(request, Reply.OK, encodeOptionReply(name, `${doubled}${value}`));
  }

  private counterLie(): number {
    const { lies } = this.host.faults;
    this.host.counterReads += 1;
    return (lies?.userCounter ?? 0) + (this.host.counterReads > 1 ? (lies?.userCounterLater ?? 0) : 0);
  }

  private bufferedRead(request: ZkPacket): ZkPacket[] {
    const { lies, habits } = this.host.faults;
    if (habits?.noBufferedRead) return [this.reply(request, Reply.UNKNOWN_COMMAND)];
    const wanted = decodeBufferedRead(request.data);
    if (wanted?.inner === Command.OPLOG_READ && habits?.operationLogCode !== undefined)
      return [this.reply(request, habits.operationLogCode)];
    const set = wanted && this.setFor(wanted);
    if (!set) return [this.reply(request, Reply.ERROR)];
    if (set.length <= 4 && habits?.emptySetCode !== undefined) return [this.reply(request, habits.emptySetCode)];
    if (set.length <= (habits?.directBytes ?? DIRECT_BYTES)) return [this.reply(request, Reply.DATA_PACKET, set)];
    this.readBuffer = set;
    return [this.reply(request, Reply.OK, encodeBufferStatus(set.length + (lies?.announcedSize ?? 0)))];
  }

  private chunk(request: ZkPacket): ZkPacket[] {
    const { lies, habits } = this.host.faults;
    const { offset, sizeBytes } = decodeChunkRequest(request.data);
    if (offset + sizeBytes > this.readBuffer.length) return [this.reply(request, Reply.ERROR)];
    const bytes = this.readBuffer.subarray(offset, offset + sizeBytes);
    if (habits?.bareChunks) return [this.reply(request, Reply.DATA_PACKET, bytes)];
    return this.stream(request, bytes, lies?.chunkSize ?? 0);
  }

  /** The old form, without a buffer: everything at once. */
  private direct(request: ZkPacket, wanted: BufferedRead): ZkPacket[] {
    const set = this.setFor(wanted);
    return set ? this.stream(request, set, 0) : [this.reply(request, Reply.ERROR)];
  }

  /** PREPARE, DATA …, ACK; more than one DATA packet carry their index, and the ACK the size, in the session field. */
  private stream(request: ZkPacket, bytes: Buffer, sizeLie: number): ZkPacket[] {
    const { packetBytes, faults } = this.host;
    const count = Math.max(Math.ceil(bytes.length / packetBytes), 1);
    const numbered = count > 1 && !faults.habits?.constantSessionField;
    const data = Array.from({ length: count }, (_, i) =>
      this.reply(
        request,
        Reply.DATA_PACKET,
        bytes.subarray(i * packetBytes, (i + 1) * packetBytes),
        numbered ? i & 0xffff : this.id,
      ),
    );
    const prepare = this.reply(request, Reply.PREPARE_DATA, encodePrepareData(bytes.length + sizeLie, packetBytes));
    return [prepare, ...data, this.reply(request, Reply.OK, NO_DATA, numbered ? bytes.length & 0xffff : this.id)];
  }

  /** 88 has an extra byte behind the template, 9 has not. */
  private template(request: ZkPacket, extraBytes: 0 | 1): ZkPacket[] {
    const found = this.host.state.templates.get(`${request.data.readUInt16LE(0)}/${request.data.readUInt8(2)}`);
    if (!found) return [this.reply(request, Reply.ERROR)];
    const bytes = Buffer.concat([found.template, Buffer.alloc(extraBytes)]);
    const prepare = this.reply(request, Reply.PREPARE_DATA, encodePrepareData(bytes.length, 1024));
    return [prepare, this.reply(request, Reply.DATA_PACKET, bytes), this.reply(request, Reply.OK)];
  }

  private setFor({ inner, dataType }: BufferedRead): Buffer | undefined {
    const { state } = this.host;
    if (inner === Command.USERTEMP_READ && dataType === ALL_USERS) return this.userSet();
    if (inner === Command.DB_READ && dataType === 2) return state.templateSet();
    if (inner === Command.ATTLOG_READ) return this.punchSet();
    return inner === Command.OPLOG_READ ? this.operationSet() : undefined;
  }

  private punchSet(): Buffer {
    return cutSet(this.host.state.punchSet(), this.host.faults.lies?.cutPunchBytes);
  }

  private operationSet(): Buffer {
    return cutSet(this.host.state.operationSet(), this.host.faults.lies?.cutOperationBytes);
  }

  private userSet(): Buffer {
    const { lies, habits } = this.host.faults;
    const { recordWidth } = this.host.state;
    const honest = this.host.state.userSet();
    if (!lies && !habits?.junkAfterNul) return honest;
    let set: Buffer = Buffer.from(
      lies?.emptyList
        ? honest.subarray(0, 4)
        : honest.subarray(0, Math.max(honest.length - (lies?.cutSetBytes ?? 0), 4)),
    );
    const second = 4 + recordWidth;
    if (set.length >= second + recordWidth) {
      if (lies?.duplicateSlot) set.copyWithin(second, 4, 6);
      const id = recordWidth === 72 ? 48 : 24;
      if (lies?.duplicateUserId) set.copyWithin(second + id, 4 + id, 4 + recordWidth);
    }
    if (habits?.junkAfterNul && recordWidth === 72) set = withJunk(set);
    set.writeUInt32LE(Math.max(set.length - 4 + (lies?.setTotal ?? 0), 0), 0);
    return set;
  }
}

/** A set that lacks its last bytes, and whose length word agrees. */
function cutSet(honest: Buffer, cutBytes = 0): Buffer {
  if (cutBytes === 0) return honest;
  const set = Buffer.from(honest.subarray(0, Math.max(honest.length - cutBytes, 4)));
  set.writeUInt32LE(set.length - 4, 0);
  return set;
}

/** Left-overs behind the NUL of every password, name and user ID, as captures show them. */
function withJunk(set: Buffer): Buffer {
  for (let record = 4; record < set.length; record += 72) {
    for (const [at, size] of [
      [3, 8],
      [11, 24],
      [48, 24],
    ]) {
      const field = set.subarray(record + at, record + at + size);
      const end = field.indexOf(0);
      if (end >= 0) field.fill(0xc6, end + 1);
    }
  }
  return set;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
