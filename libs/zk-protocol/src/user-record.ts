import { type Slot, slot } from '@app/kernel';
import { requireBytes, ZkFormatError } from './errors.js';

/** 72 on colour firmware, 28 on older one. Not told by the transport: docs/protocol/zk-user-record.md. */
export type UserRecordWidth = 28 | 72;

/** A user as a terminal stores it. */
export interface UserRecord {
  /** Internal number, reused after a deletion: identifies nobody. */
  readonly slot: Slot;
  /** Bit 0: disabled; bits 1 to 3: level. Kept as it is. */
  readonly privilege: number;
  /** PIN digits up to the first NUL. Never logged, never stored in clear. */
  readonly password: Buffer;
  /** Name up to the first NUL, undecoded: no field tells the encoding. */
  readonly name: Buffer;
  /** 0: none. */
  readonly card: number;
  readonly group: number;
  /** Whether the user's own time zones are in force; 28-byte records have no such flag. */
  readonly ownZones: boolean;
  /** Three time zones; of a 28-byte record one value, bit flags. */
  readonly zones: readonly number[];
  /** Shown on the terminal; in 28-byte records a number. Not yet in canonical form. */
  readonly userId: string;
  /** The whole record as received, a view. */
  readonly raw: Buffer;
}

/** Where the fields of a record are, in bytes. */
export const USER_FIELDS = {
  72: {
    privilege: 2,
    password: 3,
    passwordBytes: 8,
    name: 11,
    nameBytes: 24,
    card: 35,
    group: 39,
    zones: { flag: 40, first: 42, count: 3 },
    userId: 48,
    userIdBytes: 24,
  },
  28: {
    privilege: 2,
    password: 3,
    passwordBytes: 5,
    name: 8,
    nameBytes: 8,
    card: 16,
    group: 21,
    zones: { flag: undefined, first: 22, count: 1 },
    userId: 24,
    userIdBytes: 4,
  },
} as const satisfies Record<UserRecordWidth, unknown>;

const COLOUR = USER_FIELDS[72];
const OLD = USER_FIELDS[28];

/** Reads the record at `offset`. @throws {ZkFormatError} `zk/truncated` when fewer than `width` bytes follow */
export function decodeUserRecord(bytes: Buffer, width: UserRecordWidth, offset = 0): UserRecord {
  requireBytes('A user record', bytes, width, offset);
  const raw = bytes.subarray(offset, offset + width);
  return width === 72 ? decodeColour(raw) : decodeOld(raw);
}

/**
 * The bytes of a user.
 * @throws {ZkFormatError} `zk/record` naming the field that does not fit its place
 */
export function encodeUserRecord(fields: Omit<UserRecord, 'raw'>, width: UserRecordWidth): Buffer {
  const raw = Buffer.alloc(width);
  writeNumber(raw, 'slot', fields.slot, 0, 2);
  writeNumber(raw, 'privilege', fields.privilege, 2, 1);
  if (width === 72) encodeColour(raw, fields);
  else encodeOld(raw, fields);
  return raw;
}

function decodeColour(raw: Buffer): UserRecord {
  return {
    slot: slot(raw.readUInt16LE(0)),
    privilege: raw[2],
    password: untilZero(raw, COLOUR.password, COLOUR.passwordBytes),
    name: untilZero(raw, COLOUR.name, COLOUR.nameBytes),
    card: raw.readUInt32LE(COLOUR.card),
    group: raw[COLOUR.group],
    ownZones: raw.readUInt16LE(COLOUR.zones.flag) !== 0,
    zones: [0, 2, 4].map((offset) => raw.readUInt16LE(COLOUR.zones.first + offset)),
    userId: textUntilZero(raw, COLOUR.userId, COLOUR.userIdBytes),
    raw,
  };
}

function decodeOld(raw: Buffer): UserRecord {
  return {
    slot: slot(raw.readUInt16LE(0)),
    privilege: raw[2],
    password: untilZero(raw, OLD.password, OLD.passwordBytes),
    name: untilZero(raw, OLD.name, OLD.nameBytes),
    card: raw.readUInt32LE(OLD.card),
    group: raw[OLD.group],
    ownZones: false,
    zones: [raw.readUInt16LE(OLD.zones.first)],
    userId: String(raw.readUInt32LE(OLD.userId)),
    raw,
  };
}

function encodeColour(raw: Buffer, fields: Omit<UserRecord, 'raw'>): void {
  writeText(raw, 'password', fields.password, COLOUR.password, COLOUR.passwordBytes);
  writeText(raw, 'name', fields.name, COLOUR.name, COLOUR.nameBytes);
  writeNumber(raw, 'card', fields.card, COLOUR.card, 4);
  writeNumber(raw, 'group', fields.group, COLOUR.group, 1);
  raw.writeUInt16LE(fields.ownZones ? 1 : 0, COLOUR.zones.flag);
  if (fields.zones.length > 3) throw misfit('zones', fields.zones.length, 'at most 3');
  fields.zones.forEach((zone, i) => writeNumber(raw, 'zone', zone, COLOUR.zones.first + 2 * i, 2));
  writeText(raw, 'user ID', Buffer.from(fields.userId, 'latin1'), COLOUR.userId, COLOUR.userIdBytes);
}

function encodeOld(raw: Buffer, fields: Omit<UserRecord, 'raw'>): void {
  writeText(raw, 'password', fields.password, OLD.password, OLD.passwordBytes);
  writeText(raw, 'name', fields.name, OLD.name, OLD.nameBytes);
  writeNumber(raw, 'card', fields.card, OLD.card, 4);
  writeNumber(raw, 'group', fields.group, OLD.group, 1);
  writeNumber(raw, 'zones', fields.zones[0] ?? 0, OLD.zones.first, 2);
  if (!/^\d+$/.test(fields.userId)) throw misfit('user ID', fields.userId, 'a number');
  writeNumber(raw, 'user ID', Number(fields.userId), OLD.userId, 4);
}

/** What follows a NUL can be a left-over of an earlier, longer text. */
function untilZero(raw: Buffer, start: number, size: number): Buffer {
  const end = raw.indexOf(0, start);
  return raw.subarray(start, end < 0 || end > start + size ? start + size : end);
}

function textUntilZero(raw: Buffer, start: number, size: number): string {
  const end = raw.indexOf(0, start);
  return raw.toString('latin1', start, end < 0 || end > start + size ? start + size : end);
}

function writeText(raw: Buffer, field: string, text: Buffer, at: number, size: number): void {
  if (text.length > size) throw misfit(field, `${text.length} bytes`, `at most ${size} bytes`);
  if (text.includes(0)) throw misfit(field, 'a NUL byte', 'text without NUL');
  text.copy(raw, at);
}

function writeNumber(raw: Buffer, field: string, value: number, at: number, size: 1 | 2 | 4): void {
  const highest = 2 ** (8 * size) - 1;
  if (!Number.isInteger(value) || value < 0 || value > highest) throw misfit(field, value, `0 to ${highest}`);
  raw.writeUIntLE(value, at, size);
}

function misfit(field: string, value: unknown, bound: string): ZkFormatError {
  return new ZkFormatError('zk/record', `The ${field} of a user record must be ${bound}, got ${String(value)}`);
}
