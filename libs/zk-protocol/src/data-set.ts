import { requireBytes, ZkFormatError } from './errors.js';
import { decodeUserRecord, type UserRecord, type UserRecordWidth } from './user-record.js';

/** A set begins with its own length: `u32 total`, then that many bytes of records. */
export const SET_LENGTH_BYTES = 4;

/**
 * The bytes of records in a set, after checking that all that it announces is there and nothing more.
 * @throws {ZkFormatError} `zk/truncated` without a length word, `zk/set` when length and bytes disagree
 */
export function decodeSetLength(set: Buffer): number {
  requireBytes('A data set', set, SET_LENGTH_BYTES);
  const total = set.readUInt32LE(0);
  const present = set.length - SET_LENGTH_BYTES;
  if (total !== present)
    throw new ZkFormatError('zk/set', `A data set announces ${total} bytes of records and holds ${present}`);
  return total;
}

/**
 * Every user of a set, in its order.
 * @throws {ZkFormatError} as decodeSetLength, and `zk/set` when the bytes are no whole number of records
 */
export function decodeUserSet(set: Buffer, width: UserRecordWidth): UserRecord[] {
  const total = decodeSetLength(set);
  if (total % width !== 0) {
    throw new ZkFormatError('zk/set', `${total} bytes of user records are no whole number of ${width}-byte records`);
  }
  return Array.from({ length: total / width }, (_, i) => decodeUserRecord(set, width, SET_LENGTH_BYTES + i * width));
}

/** Joins records to a set. */
export function encodeSet(records: readonly Buffer[]): Buffer {
  const total = records.reduce((sum, record) => sum + record.length, 0);
  const length = Buffer.alloc(SET_LENGTH_BYTES);
  length.writeUInt32LE(total);
  return Buffer.concat([length, ...records], SET_LENGTH_BYTES + total);
}
