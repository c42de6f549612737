import { Command } from './commands.js';
import { ZkFormatError } from './errors.js';
import { type TemplateRecord } from './template-record.js';
import { widthOf } from './user-patch.js';

/** A command that changes a terminal, with its data. */
export interface ZkWrite {
  readonly command: number;
  readonly data: Buffer;
  /**
   * `prepares`: it fills a buffer or locks the keypad, and no user is another one after it. `releases`: as that, and the
   * code of its answer means nothing (5.2).
   */
  readonly effect: 'prepares' | 'releases' | 'changes' | 'settles';
}

/** The largest piece of an upload (zk-protocol 7.5). */
export const UPLOAD_PIECE_BYTES = 1_024;
const LARGEST_UPLOAD_BYTES = 1024 * 1024;
/** What pyzk sends with command 110, and terminals are known to take. */
const SAVE_DATA = Buffer.from([0x0c, 0, 0, 0, 0, 0, 0x08, 0]);
const NO_DATA = Buffer.alloc(0);
const HIGHEST_FINGER = 9;
const LONGEST_DISABLE_SECONDS = 300;

/** Locks keypad, reader and sensor; the terminal unlocks itself after so long, should nobody do it (2.3). */
export function encodeDisable(seconds: number): ZkWrite {
  return { command: Command.DISABLE_DEVICE, data: u32(seconds), effect: 'prepares' };
}

/** Puts a whole record in the place of the one that its slot holds (6.7). @throws {ZkFormatError} `zk/record` */
export function encodeUserWrite(record: Buffer): ZkWrite {
  widthOf(record);
  if (record.readUInt16LE(0) === 0) throw new ZkFormatError('zk/record', 'A user is written to a slot from 1 on');
  return { command: Command.USER_WRITE, data: Buffer.from(record), effect: 'changes' };
}

/** Removes the user of one slot with PIN, card and templates; punches stay (6.8). */
export function encodeUserDelete(slot: number): ZkWrite {
  const data = Buffer.alloc(2);
  data.writeUInt16LE(slot);
  return { command: Command.DELETE_USER, data, effect: 'changes' };
}

/** Fills the terminal's upload buffer, in pieces. */
export function encodeUpload(bytes: Buffer, pieceBytes = UPLOAD_PIECE_BYTES): ZkWrite[] {
  const pieces: ZkWrite[] = [{ command: Command.PREPARE_DATA, data: u32(bytes.length), effect: 'prepares' }];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const data = Buffer.from(bytes.subarray(at, at + pieceBytes));
    pieces.push({ command: Command.DATA, data, effect: 'prepares' });
  }
  return pieces;
}

/** Empties the upload buffer. */
export function encodeFreeBuffer(): ZkWrite {
  return { command: Command.FREE_DATA, data: NO_DATA, effect: 'releases' };
}

/** Takes user and templates out of the upload buffer (7.5). */
export function encodeSaveUpload(): ZkWrite {
  return { command: Command.SAVE_USERS_AND_TEMPLATES, data: SAVE_DATA, effect: 'changes' };
}

/** Takes one template out of the upload buffer, flag included; its finger must be free (7.4). */
export function encodeTemplateWrite({ slot, finger, flag, template }: TemplateRecord): ZkWrite {
  const data = Buffer.from([0, 0, finger, flag, 0, 0]);
  data.writeUInt16LE(slot, 0);
  data.writeUInt16LE(template.length, 4);
  return { command: Command.TEMPLATE_WRITE, data, effect: 'changes' };
}

/** Makes the terminal use what was written. */
export function encodeRefresh(): ZkWrite {
  return { command: Command.REFRESH_DATA, data: NO_DATA, effect: 'settles' };
}

/**
 * The allow-list of writes: whether this command with these data changes one user and nothing else. No command that
 * clears is in it, and none has an encoder. It is not enough to be allowed: a write session sends only what it was armed with.
 */
export function isWriteOfOneUser(command: number, data: Buffer): boolean {
  switch (command) {
    case Command.USER_WRITE:
      return (data.length === 72 || data.length === 28) && data.readUInt16LE(0) !== 0;
    case Command.DELETE_USER:
      return data.length === 2 && data.readUInt16LE(0) !== 0;
    case Command.PREPARE_DATA:
      return data.length === 4 && data.readUInt32LE(0) <= LARGEST_UPLOAD_BYTES;
    case Command.DATA:
      return data.length > 0 && data.length <= UPLOAD_PIECE_BYTES;
    case Command.SAVE_USERS_AND_TEMPLATES:
      return data.equals(SAVE_DATA);
    case Command.TEMPLATE_WRITE:
      return data.length === 6 && data.readUInt16LE(0) !== 0 && data[2] <= HIGHEST_FINGER;
    case Command.DISABLE_DEVICE:
      return data.length === 4 && data.readUInt32LE(0) > 0 && data.readUInt32LE(0) <= LONGEST_DISABLE_SECONDS;
    case Command.REFRESH_DATA:
    case Command.FREE_DATA:
      return data.length === 0;
    default:
      return false;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
