import { type WallTime } from '@app/kernel';
import { decodeSetLength, SET_LENGTH_BYTES } from './data-set.js';
import { requireBytes, ZkFormatError } from './errors.js';
import { decodeTime, encodeTime } from './time.js';

export const OPERATION_RECORD_BYTES = 16;
const PARAMETERS_AT = [8, 10, 12, 14];

/** An entry of the operation log: what somebody did at the keypad. Source: docs/protocol/zk-operations.md. */
export interface OperationRecord {
  /** The administrator at the keypad, as the terminal counts them; 0: nobody was asked. */
  readonly administrator: number;
  /** What was done, a `ZkOperation` or a number that we have no name for. */
  readonly operation: number;
  /** As the terminal's clock showed it; it can be a day that no calendar has, and `wallTimeToDate` says so. */
  readonly time: WallTime;
  /** Four numbers whose meaning depends on the operation; the first is usually the slot concerned. */
  readonly parameters: readonly number[];
  /** The byte behind the operation; what it means is not known. */
  readonly unknown?: number;
}

/** @throws {ZkFormatError} `zk/truncated` */
export function decodeOperationRecord(bytes: Buffer, offset = 0): OperationRecord {
  requireBytes('An operation record', bytes, OPERATION_RECORD_BYTES, offset);
  return {
    administrator: bytes.readUInt16LE(offset),
    operation: bytes[offset + 2],
    unknown: bytes[offset + 3],
    time: decodeTime(bytes.readUInt32LE(offset + 4)),
    parameters: PARAMETERS_AT.map((at) => bytes.readUInt16LE(offset + at)),
  };
}

/** The inverse, for years up to 2099; parameters that are not given are 0. */
export function encodeOperationRecord(record: OperationRecord): Buffer {
  const bytes = Buffer.alloc(OPERATION_RECORD_BYTES);
  bytes.writeUInt16LE(record.administrator, 0);
  bytes.writeUInt8(record.operation, 2);
  bytes.writeUInt8(record.unknown ?? 0, 3);
  bytes.writeUInt32LE(encodeTime(record.time), 4);
  PARAMETERS_AT.forEach((at, i) => bytes.writeUInt16LE(record.parameters[i] ?? 0, at));
  return bytes;
}

/**
 * Every entry of an operation log, in its order.
 * @throws {ZkFormatError} as decodeSetLength, and `zk/set` when the bytes are no whole number of records
 */
export function decodeOperationSet(set: Buffer): OperationRecord[] {
  const total = decodeSetLength(set);
  if (total % OPERATION_RECORD_BYTES !== 0) {
    throw new ZkFormatError(
      'zk/set',
      `${total} bytes of operations are no whole number of ${OPERATION_RECORD_BYTES}-byte records`,
    );
  }
  return Array.from({ length: total / OPERATION_RECORD_BYTES }, (_, i) =>
    decodeOperationRecord(set, SET_LENGTH_BYTES + i * OPERATION_RECORD_BYTES),
  );
}
