import { createHash } from 'node:crypto';
import { type DevicePunch } from './device-punch.js';

/** What made a read of the punch log complete. */
export interface PunchReadProof {
  /** The terminal's punch counter, read before and after; people may punch in between. */
  readonly counterBefore: number;
  readonly counterAfter: number;
  readonly records: number;
  readonly recordWidthBytes: number;
  readonly announcedBytes?: number;
  readonly receivedBytes?: number;
  readonly durationMs: number;
}

const MAKER = Symbol('prover');

/** The whole punch log of a terminal, proven. Only the prover makes one (see prove-punches.ts). */
export class CompletePunchRead {
  private constructor(
    /** In the order of the log: the terminal appends at its end. */
    readonly punches: readonly DevicePunch[],
    readonly proof: PunchReadProof,
    private readonly records: readonly Buffer[],
  ) {
    Object.freeze(this);
  }

  /**
   * SHA-256 of the first `count` records as the terminal sent them: equal to that of an earlier read exactly when the
   * terminal still holds the same beginning.
   */
  digestOfFirst(count: number): Buffer {
    const digest = createHash('sha256');
    for (let i = 0; i < count && i < this.records.length; i += 1) digest.update(this.records[i]);
    return digest.digest();
  }

  /** For the prover alone. */
  static [MAKER](
    punches: readonly DevicePunch[],
    proof: PunchReadProof,
    records: readonly Buffer[],
  ): CompletePunchRead {
    return new CompletePunchRead(punches, proof, records);
  }
}

/** Not part of the front door: prove-punches.ts calls it after every check has passed. */
export function completePunchRead(
  punches: readonly DevicePunch[],
  proof: PunchReadProof,
  records: readonly Buffer[],
): CompletePunchRead {
  return CompletePunchRead[MAKER](punches, proof, records);
}
