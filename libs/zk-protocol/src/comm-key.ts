/** The vendor's choice; any byte would do, since the terminal reads it from the result. */
const USUAL_TICK = 50;
const MASK = [0x5a, 0x4b, 0x53, 0x4f]; // "ZKSO"

/**
 * The 4 bytes that AUTH carries for a comm key (u32, 0 for none) in a session. Reversible: this protects nothing on an
 * open network. Source: docs/protocol/zk-packet.md.
 */
export function scrambleCommKey(key: number, session: number, tick: number = USUAL_TICK): Buffer {
  const sum = (reverseBits(key) + session) >>> 0;
  const b = [sum & 0xff, (sum >>> 8) & 0xff, (sum >>> 16) & 0xff, sum >>> 24].map((byte, i) => byte ^ MASK[i]);
  return Buffer.from([b[2] ^ tick, b[3] ^ tick, tick, b[1] ^ tick]);
}

/** Whether AUTH data opens a terminal that has this key. */
export function verifyCommKey(key: number, session: number, data: Buffer): boolean {
  return data.length >= 4 && scrambleCommKey(key, session, data[2]).equals(data.subarray(0, 4));
}

function reverseBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((value >>> bit) & 1);
  return reversed >>> 0;
}
