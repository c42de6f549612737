import { type DeviceUserId } from '@app/kernel';
import { type DeviceUser, type InvalidRecord } from './device-user.js';
import { type DriverName, type Transport } from './device-target.js';

/** What made a read complete. Byte counts are missing where a foreign driver does not tell them. */
export interface ReadProof {
  readonly serialNumber: string;
  readonly driver: DriverName;
  readonly transport: Transport | 'websocket';
  /**
   * `fresh-counters`: the terminal's own counters, read before and after. `equal-lists`: two equal lists and the counters
   * of its registration; weaker, and only where that was allowed.
   */
  readonly witness: 'fresh-counters' | 'equal-lists';
  /** The terminal's user counter, read before and after. */
  readonly counterBefore: number;
  readonly counterAfter: number;
  /** What the list consists of: users, or credentials of users. */
  readonly records: number;
  readonly distinctUsers: number;
  /** The parts that the list came in. */
  readonly pages?: number;
  readonly recordWidthBytes?: number;
  readonly announcedBytes?: number;
  readonly receivedBytes?: number;
  readonly durationMs: number;
}

const MAKER = Symbol('prover');

/**
 * Every user of a terminal, proven. Only the prover makes one (see prove.ts, prove-aiface.ts), so that an incomplete read has no user
 * list that anyone could use.
 */
export class CompleteUserRead {
  private constructor(
    /** In the terminal's order. */
    readonly users: readonly DeviceUser[],
    /** Decoded, but unusable; counted by the proof. */
    readonly invalid: readonly InvalidRecord[],
    readonly proof: ReadProof,
    /** Users of whom details were asked for one by one in this read; none where the list has them. */
    readonly detailsAsked: readonly DeviceUserId[],
  ) {
    Object.freeze(this);
  }

  /** For the prover alone. */
  static [MAKER](
    users: readonly DeviceUser[],
    invalid: readonly InvalidRecord[],
    proof: ReadProof,
    detailsAsked: readonly DeviceUserId[] = [],
  ): CompleteUserRead {
    return new CompleteUserRead(users, invalid, proof, detailsAsked);
  }
}

/** Not part of the front door: the provers call it after every check has passed. */
export const completeUserRead = CompleteUserRead[MAKER].bind(CompleteUserRead);
