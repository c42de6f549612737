import { type WallTime } from '@app/kernel';
import { requireBytes, ZkFormatError } from './errors.js';
import { decodeEventTime, encodeEventTime } from './time.js';

/** Bits of the mask that registers for events, and the session field of an event packet. */
export const EventBit = {
  PUNCH: 1,
  FINGER: 2,
  USER_ENROLLED: 4,
  FINGER_ENROLLED: 8,
  KEY: 0x10,
  UNLOCK: 0x20,
  VERIFY: 0x80,
  SCORE: 0x100,
  ALARM: 0x200,
} as const;

/** A punch seen live: a hint, since events are not kept for absent clients. */
export interface PunchEvent {
  readonly userId: string;
  readonly verify: number;
  readonly state: number;
  readonly time: WallTime;
}

const TEXT_ID_BYTES = 24;
/** Sizes of punch events with a text ID and with a numeric one; what follows the time is not established. */
const TEXT_SIZES: readonly number[] = [32, 36, 37, 52];

/**
 * The punch of an event packet, by the length of its data.
 * @throws {ZkFormatError} `zk/record` for a length that no known firmware sends
 */
export function decodePunchEvent(data: Buffer): PunchEvent {
  if (TEXT_SIZES.includes(data.length)) {
    const end = data.subarray(0, TEXT_ID_BYTES).indexOf(0);
    const userId = data.toString('latin1', 0, end < 0 ? TEXT_ID_BYTES : end);
    return { userId, ...tail(data, TEXT_ID_BYTES) };
  }
  if (data.length === 12) return { userId: String(data.readUInt32LE(0)), ...tail(data, 4) };
  if (data.length === 10 || data.length === 14) return { userId: String(data.readUInt16LE(0)), ...tail(data, 2) };
  throw new ZkFormatError('zk/record', `A punch event of ${data.length} bytes is not one that we know`);
}

/** The 32 bytes that colour firmware sends for a punch. */
export function encodePunchEvent({ userId, verify, state, time }: PunchEvent): Buffer {
  const data = Buffer.alloc(TEXT_ID_BYTES + 2);
  data.write(userId, 0, TEXT_ID_BYTES, 'latin1');
  data.set([verify, state], TEXT_ID_BYTES);
  return Buffer.concat([data, encodeEventTime(time)]);
}

function tail(data: Buffer, at: number): Omit<PunchEvent, 'userId'> {
  requireBytes('A punch event', data, 8, at);
  return { verify: data[at], state: data[at + 1], time: decodeEventTime(data, at + 2) };
}
