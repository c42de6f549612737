import { type WallTime } from '@app/kernel';
import { requireBytes } from './errors.js';
import { decodeTime, encodeTime } from './time.js';

export const OPERATION_RECORD_BYTES = 16;

/** What somebody did at the keypad: 9 is "user deleted", 13 "data cleared"; the first parameter is often the slot. */
export interface OperationRecord {
  readonly administrator: number;
  readonly operation: number;
  readonly time: WallTime;
  readonly parameters: readonly number[];
}

/** @throws {ZkFormatError} `zk/truncated` */
export function decodeOperationRecord(bytes: Buffer, offset = 0): OperationRecord {
  requireBytes('An operation record', bytes, OPERATION_RECORD_BYTES, offset);
  return {
    administrator: bytes.readUInt16LE(offset),
    operation: bytes[offset + 2],
    time: decodeTime(bytes.readUInt32LE(offset + 4)),
    parameters: [8, 10, 12, 14].map((at) => bytes.readUInt16LE(offset + at)),
  };
}

export function encodeOperationRecord(record: OperationRecord): Buffer {
  const bytes = Buffer.alloc(OPERATION_RECORD_BYTES);
  bytes.writeUInt16LE(record.administrator, 0);
  bytes.writeUInt8(record.operation, 2);
  bytes.writeUInt32LE(encodeTime(record.time), 4);
  record.parameters.slice(0, 4).forEach((value, i) => bytes.writeUInt16LE(value, 8 + 2 * i));
  return bytes;
}
