import { type WallTime } from '@app/kernel';
import { requireBytes } from './errors.js';

const EVENT_TIME_BYTES = 6;

/**
 * The terminal's clock as a u32: months of 31 days, years from 2000. It can hold days that no calendar has
 * (30 February); they are given as they are. Source: docs/protocol/zk-bulk-read.md.
 */
export function decodeTime(value: number): WallTime {
  let rest = value;
  const next = (size: number): number => {
    const digit = rest % size;
    rest = Math.floor(rest / size);
    return digit;
  };
  const [second, minute, hour, day, month] = [next(60), next(60), next(24), next(31) + 1, next(12) + 1];
  return { year: 2000 + rest, month, day, hour, minute, second };
}

/** The inverse of decodeTime for the years 2000 to 2099. */
export function encodeTime({ year, month, day, hour, minute, second }: WallTime): number {
  const days = ((year % 100) * 12 + month - 1) * 31 + day - 1;
  return days * 86_400 + hour * 3600 + minute * 60 + second;
}

/** The six bytes of an event: yy mm dd hh mm ss. @throws {ZkFormatError} `zk/truncated` */
export function decodeEventTime(bytes: Buffer, offset = 0): WallTime {
  requireBytes('An event time', bytes, EVENT_TIME_BYTES, offset);
  const [year, month, day, hour, minute, second] = bytes.subarray(offset, offset + EVENT_TIME_BYTES);
  return { year: 2000 + year, month, day, hour, minute, second };
}

/** The inverse of decodeEventTime. */
export function encodeEventTime({ year, month, day, hour, minute, second }: WallTime): Buffer {
  return Buffer.from([year - 2000, month, day, hour, minute, second]);
}
