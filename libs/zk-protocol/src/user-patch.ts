import { ZkFormatError } from './errors.js';
import { decodeUserRecord, USER_FIELDS, type UserRecordWidth } from './user-record.js';

/** What to change of a user record; what is not named keeps every byte. */
export interface UserPatch {
  /** In the terminal's encoding; empty: none. */
  readonly name?: Buffer;
  /** 0: none */
  readonly card?: number;
  readonly privilege?: number;
  readonly group?: number;
  /** As many as the record has: three, or one of 28 bytes. Empty: those of the group are in force. */
  readonly zones?: readonly number[];
  /** Takes the PIN away. */
  readonly pin?: 'none';
}

/** What a record can hold. */
export interface UserBounds {
  /** Bytes of a name: of the 24 of a 72-byte record the last is a NUL (zk-protocol 6.1). */
  readonly nameBytes: number;
  readonly highestCard: number;
  readonly zones: number;
  readonly highestZone: number;
}

const HIGHEST_CARD = 0xffff_ffff;
const HIGHEST_ZONE = 0xffff;
const HIGHEST_BYTE = 0xff;

/** What a record of this width can hold. */
export function userBounds(width: UserRecordWidth): UserBounds {
  const { nameBytes, zones } = USER_FIELDS[width];
  const usable = width === 72 ? nameBytes - 1 : nameBytes;
  return { nameBytes: usable, highestCard: HIGHEST_CARD, zones: zones.count, highestZone: HIGHEST_ZONE };
}

/**
 * The record with these fields changed and every other byte as it was, undecoded ones included: a terminal replaces the
 * whole record by what it is sent (zk-protocol 6.7). A text that is written anew fills its field with NUL behind it; one that
 * is already there keeps what stands behind its NUL.
 * @throws {ZkFormatError} `zk/record` naming the field that does not fit its place
 */
export function patchUserRecord(record: Buffer, patch: UserPatch): Buffer {
  const width = widthOf(record);
  const at = USER_FIELDS[width];
  const patched = Buffer.from(record);
  const { name, card, privilege, group, zones, pin } = patch;
  if (name !== undefined) putName(patched, name, width);
  if (card !== undefined) patched.writeUInt32LE(within('card', card, HIGHEST_CARD), at.card);
  if (privilege !== undefined) patched[at.privilege] = within('privilege', privilege, HIGHEST_BYTE);
  if (group !== undefined) patched[at.group] = within('group', group, HIGHEST_BYTE);
  if (zones !== undefined) putZones(patched, zones, width);
  if (pin === 'none' && patched[at.password] !== 0) patched.fill(0, at.password, at.password + at.passwordBytes);
  return patched;
}

/** The record in another slot. */
export function moveUserRecord(record: Buffer, slot: number): Buffer {
  const moved = Buffer.from(record);
  moved.writeUInt16LE(slot, 0);
  return moved;
}

/** The record without a digit of its PIN, those behind its end included, which a terminal may leave there. */
export function withoutPin(record: Buffer): Buffer {
  const { password, passwordBytes } = USER_FIELDS[widthOf(record)];
  return Buffer.from(record).fill(0, password, password + passwordBytes);
}

/**
 * The wanted record in the place of the held one, every undecoded byte as wanted. The slot stays, and so does the ID where
 * both mean the same and are not written alike; what is named in `keep` stays too.
 * @throws {ZkFormatError} `zk/record`: they are not of one width
 */
export function graftUserRecord(
  held: Buffer,
  wanted: Buffer,
  keep: { readonly pin: boolean; readonly card: boolean },
): Buffer {
  const width = widthOf(held);
  if (widthOf(wanted) !== width)
    throw new ZkFormatError('zk/record', `A record of ${wanted.length} bytes cannot take the place of one of ${width}`);
  const at = USER_FIELDS[width];
  const grafted = moveUserRecord(wanted, held.readUInt16LE(0));
  const stay = (start: number, bytes: number): void => void held.copy(grafted, start, start, start + bytes);
  if (decodeUserRecord(held, width).userId !== decodeUserRecord(wanted, width).userId) stay(at.userId, at.userIdBytes);
  if (keep.pin) stay(at.password, at.passwordBytes);
  if (keep.card) stay(at.card, 4);
  return grafted;
}

/** How wide a single record is. @throws {ZkFormatError} `zk/record`: it is neither */
export function widthOf(record: Buffer): UserRecordWidth {
  if (record.length === 72 || record.length === 28) return record.length;
  throw new ZkFormatError('zk/record', `A user record has 72 or 28 bytes, not ${record.length}`);
}

function putName(record: Buffer, name: Buffer, width: UserRecordWidth): void {
  const { name: at, nameBytes: size } = USER_FIELDS[width];
  const bound = userBounds(width).nameBytes;
  const field = record.subarray(at, at + size);
  const end = field.indexOf(0);
  if (name.equals(field.subarray(0, end < 0 ? size : end))) return;
  if (name.includes(0)) throw new ZkFormatError('zk/record', 'The name of a user record must be text without NUL');
  if (name.length > bound)
    throw new ZkFormatError(
      'zk/record',
      `The name of a user record must be at most ${bound} bytes, got ${name.length}`,
    );
  field.fill(0);
  name.copy(field);
}

function putZones(record: Buffer, zones: readonly number[], width: UserRecordWidth): void {
  const { zones: at } = USER_FIELDS[width];
  if (zones.length !== 0 && zones.length !== at.count) {
    throw new ZkFormatError(
      'zk/record',
      `A user record of ${width} bytes has ${at.count} time zones, got ${zones.length}`,
    );
  }
  zones.forEach((zone, i) => record.writeUInt16LE(within('time zone', zone, HIGHEST_ZONE), at.first + 2 * i));
  if (at.flag === undefined) {
    if (zones.length === 0) record.writeUInt16LE(0, at.first);
    return;
  }
  const inForce = record.readUInt16LE(at.flag) !== 0;
  if (inForce !== zones.length > 0) record.writeUInt16LE(zones.length > 0 ? 1 : 0, at.flag);
}

function within(field: string, value: number, highest: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= highest) return value;
  throw new ZkFormatError('zk/record', `The ${field} of a user record must be 0 to ${highest}, got ${value}`);
}
