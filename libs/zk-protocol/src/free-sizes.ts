import { requireBytes } from './errors.js';

/** The terminal's counters and capacities (command 50). Only `users` is sure to be there. */
export interface FreeSizes {
  readonly users: number;
  readonly templates?: number;
  readonly punches?: number;
  readonly operations?: number;
  readonly administrators?: number;
  readonly passwords?: number;
  readonly templateCapacity?: number;
  readonly userCapacity?: number;
  readonly punchCapacity?: number;
  readonly templatesFree?: number;
  readonly usersFree?: number;
  readonly punchesFree?: number;
  readonly faces?: number;
  readonly faceCapacity?: number;
}

const OFFSETS: Readonly<Record<keyof FreeSizes, number>> = {
  users: 16,
  templates: 24,
  punches: 32,
  operations: 40,
  administrators: 48,
  passwords: 52,
  templateCapacity: 56,
  userCapacity: 60,
  punchCapacity: 64,
  templatesFree: 68,
  usersFree: 72,
  punchesFree: 76,
  faces: 80,
  faceCapacity: 88,
};
const SHORTEST_BYTES = 20;

/** Reads what is there; 80 bytes on older firmware, 92 with face fields. @throws {ZkFormatError} `zk/truncated` */
export function decodeFreeSizes(data: Buffer): FreeSizes {
  requireBytes('The counters', data, SHORTEST_BYTES);
  const present = Object.entries(OFFSETS).filter(([, offset]) => data.length >= offset + 4);
  return Object.fromEntries(
    present.map(([field, offset]) => [field, data.readUInt32LE(offset)]),
  ) as unknown as FreeSizes;
}

/** The inverse; fields that are not given are 0. */
export function encodeFreeSizes(sizes: FreeSizes, bytes: 80 | 92 = 92): Buffer {
  const data = Buffer.alloc(bytes);
  for (const [field, offset] of Object.entries(OFFSETS)) {
    if (offset + 4 <= bytes) data.writeUInt32LE(sizes[field as keyof FreeSizes] ?? 0, offset);
  }
  return data;
}
