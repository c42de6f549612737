import { type Slot, slot, type WallTime } from '@app/kernel';
import { decodeSetLength, SET_LENGTH_BYTES } from './data-set.js';
import { requireBytes, ZkFormatError } from './errors.js';
import { decodeTime, encodeTime } from './time.js';

/** 40 on colour firmware, 16 and 8 on older one, 49 on newer face terminals (its last 9 bytes are not understood). */
export type PunchRecordWidth = 8 | 16 | 40 | 49;

/** One punch. Which of `first` and `second` is the verification mode depends on the width and is disputed for 16. */
export interface PunchRecord {
  readonly slot?: Slot;
  readonly userId?: string;
  /** Verification mode in 8, 40 and 49 bytes; state or mode in 16. Raw: its meaning depends on the model. */
  readonly first: number;
  readonly time: WallTime;
  /** State (0 in, 1 out …) in 8, 40 and 49 bytes; mode or state in 16. */
  readonly second: number;
  readonly workCode?: number;
  /** The whole record, a view. */
  readonly raw: Buffer;
}

/** @throws {ZkFormatError} `zk/truncated` */
export function decodePunchRecord(bytes: Buffer, width: PunchRecordWidth, offset = 0): PunchRecord {
  requireBytes('A punch record', bytes, width, offset);
  const raw = bytes.subarray(offset, offset + width);
  if (width === 8) return { slot: slot(raw.readUInt16LE(0)), first: raw[2], time: timeAt(raw, 3), second: raw[7], raw };
  if (width === 16) {
    const userId = String(raw.readUInt32LE(0));
    return { userId, time: timeAt(raw, 4), first: raw[8], second: raw[9], workCode: raw.readUInt32LE(12), raw };
  }
  return {
    slot: slot(raw.readUInt16LE(0)),
    userId: untilZero(raw.subarray(2, 26)),
    first: raw[26],
    time: timeAt(raw, 27),
    second: raw[31],
    workCode: raw.readUInt32LE(32),
    raw,
  };
}

/** The bytes of a punch; a 16-byte record needs a numeric user ID. */
export function encodePunchRecord(punch: Omit<PunchRecord, 'raw'>, width: PunchRecordWidth): Buffer {
  const raw = Buffer.alloc(width);
  const time = encodeTime(punch.time);
  if (width === 16) {
    raw.writeUInt32LE(Number(punch.userId), 0);
    raw.writeUInt32LE(time, 4);
    raw.set([punch.first, punch.second], 8);
    raw.writeUInt32LE(punch.workCode ?? 0, 12);
    return raw;
  }
  raw.writeUInt16LE(punch.slot ?? 0, 0);
  const [first, at, second] = width === 8 ? [2, 3, 7] : [26, 27, 31];
  raw[first] = punch.first;
  raw.writeUInt32LE(time, at);
  raw[second] = punch.second;
  if (width !== 8) {
    raw.write((punch.userId ?? '').slice(0, 24), 2, 'latin1');
    raw.writeUInt32LE(punch.workCode ?? 0, 32);
  }
  return raw;
}

/** Every punch of a set. @throws {ZkFormatError} `zk/set` when the bytes are no whole number of records */
export function decodePunchSet(set: Buffer, width: PunchRecordWidth): PunchRecord[] {
  const total = decodeSetLength(set);
  if (total % width !== 0) {
    throw new ZkFormatError('zk/set', `${total} bytes of punches are no whole number of ${width}-byte records`);
  }
  return Array.from({ length: total / width }, (_, i) => decodePunchRecord(set, width, SET_LENGTH_BYTES + i * width));
}

function timeAt(raw: Buffer, offset: number): WallTime {
  return decodeTime(raw.readUInt32LE(offset));
}

function untilZero(field: Buffer): string {
  const end = field.indexOf(0);
  return (end < 0 ? field : field.subarray(0, end)).toString('latin1');
}
