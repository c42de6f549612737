import { createHash } from 'node:crypto';
import { type DevicePunch } from './device-punch.js';

/** What made a read of the punch log complete. */
export interface PunchReadProof {
  /** The terminal's punch counter, read before and after; people may punch in between. */
  readonly counterBefore: number;
  readonly counterAfter: number;
  readonly records: number;
  readonly recordWidthBytes?: number;
  readonly announcedBytes?: number;
  readonly receivedBytes?: number;
  readonly durationMs: number;
}

/**
 * How far the log of a terminal has been read, by what the terminal said: with it, a later read can begin at `day` and
 * prove by counting that nothing else has changed.
 */
export interface LogPosition {
  /** The counter of the whole log, events of the door included. */
  readonly counter: number;
  /** `YYYY-MM-DD`: the last day with an entry. */
  readonly day: string;
  /** How many entries that day and later ones had. */
  readonly entriesSince: number;
}

const MAKER = Symbol('prover');

/** The punch log of a terminal, proven. Only the prover makes one (see prove-punches.ts, prove-aiface.ts). */
export class CompletePunchRead {
  private constructor(
    /** In the order of the log: the terminal appends at its end. */
    readonly punches: readonly DevicePunch[],
    readonly proof: PunchReadProof,
    private readonly records: readonly Buffer[],
    /** Where this read began, when it is proven that nothing before it has changed; undefined: at the beginning. */
    readonly since?: string,
    /** From where the next read can go on; undefined: it must read everything. */
    readonly position?: LogPosition,
  ) {
    Object.freeze(this);
  }

  /**
   * SHA-256 of the first `count` punches as the terminal sent them: equal to that of an earlier read of the whole log
   * exactly when the terminal still holds the same beginning.
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
    part: { readonly since?: string; readonly position?: LogPosition } = {},
  ): CompletePunchRead {
    return new CompletePunchRead(punches, proof, records, part.since, part.position);
  }
}

/** Not part of the front door: the provers call it after every check has passed. */
export const completePunchRead = CompletePunchRead[MAKER].bind(CompletePunchRead);
