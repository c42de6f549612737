import { type Credential, decodeCredential } from './credential.js';
import { decodeDeviceInfo, type DeviceInfo } from './device-info.js';
import { AifaceFormatError } from './errors.js';
import { booleanField, field, type Fields, integerField, isFields, listField, parseFields, textField } from './json.js';
import { decodeLogRecord, type LogRecord } from './log-record.js';

/** A message of a terminal: something of its own, or its reply to a command of ours. */
export type Inbound = { readonly serialNumber?: string } & (
  | { readonly kind: 'registration'; readonly serialNumber: string; readonly info: DeviceInfo }
  | { readonly kind: 'punches'; readonly batch: LogBatch }
  | { readonly kind: 'enrolment'; readonly credential: Credential }
  /** Anything else that wants an answer, or whose contents make no sense. */
  | { readonly kind: 'other'; readonly command: string; readonly problem?: string }
  | Reply
);

/** A terminal's reply. */
export interface Reply {
  readonly kind: 'reply';
  readonly serialNumber?: string;
  /** The command that it answers. */
  readonly command: string;
  /** Undefined: not told, as in replies to `gettime`. */
  readonly ok?: boolean;
  readonly reason?: number;
  readonly text?: string;
  readonly fields: Fields;
  /** The length of the message. */
  readonly bytes: number;
}

/** Punches and events of the door that a terminal hands over in one message. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  /** Entries that make no sense, as they are but without pictures. */
  readonly unreadable: readonly Fields[];
  /** How many the terminal says it hands over. */
  readonly count?: number;
  /** Its place in the terminal's log; to be echoed when it is there and not negative. */
  readonly logIndex?: number;
}

const SERIAL_NUMBER = /^[\x21-\x7e]{4,64}$/;

/**
 * Reads one message of a terminal.
 * @throws {AifaceFormatError} it is none; `no-command`: it says neither what it wants nor what it answers
 */
export function decodeInbound(text: string): Inbound {
  const fields = parseFields(text);
  const command = textField(fields, 'cmd')?.trim();
  const answered = textField(fields, 'ret')?.trim();
  const serialNumber = textField(fields, 'sn')?.trim();
  if (command) return decodeRequest(command, serialNumber, fields);
  if (answered) return decodeReply(answered, serialNumber, fields, Buffer.byteLength(text));
  throw new AifaceFormatError('no-command', 'A message has neither "cmd" nor "ret"');
}

function decodeRequest(command: string, serialNumber: string | undefined, fields: Fields): Inbound {
  if (command === 'reg') return decodeRegistration(serialNumber, fields);
  if (command === 'sendlog') return { kind: 'punches', serialNumber, batch: decodeBatch(fields) };
  if (command !== 'senduser') return { kind: 'other', serialNumber, command };
  try {
    return { kind: 'enrolment', serialNumber, credential: decodeCredential(fields) };
  } catch (error) {
    if (!(error instanceof AifaceFormatError)) throw error;
    return { kind: 'other', serialNumber, command, problem: error.message };
  }
}

function decodeRegistration(serialNumber: string | undefined, fields: Fields): Inbound {
  if (serialNumber === undefined || !SERIAL_NUMBER.test(serialNumber)) {
    throw new AifaceFormatError(
      'bad-field',
      'A registration has no usable serial number: 4 to 64 visible characters are wanted',
    );
  }
  const info = field(fields, 'devinfo');
  return { kind: 'registration', serialNumber, info: decodeDeviceInfo(isFields(info) ? info : {}) };
}

function decodeBatch(fields: Fields): LogBatch {
  const records: LogRecord[] = [];
  const unreadable: Fields[] = [];
  for (const entry of listField(fields, 'record') ?? []) {
    try {
      records.push(decodeLogRecord(entry));
    } catch (error) {
      if (!(error instanceof AifaceFormatError)) throw error;
      unreadable.push(withoutPicture(entry));
    }
  }
  return { records, unreadable, count: integerField(fields, 'count'), logIndex: integerField(fields, 'logindex') };
}

function decodeReply(command: string, serialNumber: string | undefined, fields: Fields, bytes: number): Reply {
  return {
    kind: 'reply',
    serialNumber,
    command,
    ok: booleanField(fields, 'result'),
    reason: integerField(fields, 'reason'),
    text: textField(fields, 'msg'),
    fields,
    bytes,
  };
}

function withoutPicture(entry: unknown): Fields {
  if (!isFields(entry)) return { value: Array.isArray(entry) ? 'a list' : entry };
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key.trim() !== 'image'));
}
