import { type DeviceUser, type InvalidRecord } from './device-user.js';
import { type DriverName, type Transport } from './device-target.js';

/** What made a read complete. Byte counts are missing where a foreign driver does not tell them. */
export interface ReadProof {
  readonly serialNumber: string;
  readonly driver: DriverName;
  readonly transport: Transport;
  /** The terminal's user counter, read before and after. */
  readonly counterBefore: number;
  readonly counterAfter: number;
  readonly records: number;
  readonly distinctUsers: number;
  readonly recordWidthBytes: number;
  readonly announcedBytes?: number;
  readonly receivedBytes?: number;
  readonly durationMs: number;
}

const MAKER = Symbol('prover');

/**
 * Every user of a terminal, proven. Only the prover makes one (see prove.ts), so that an incomplete read has no user
 * list that anyone could use.
 */
export class CompleteUserRead {
  private constructor(
    /** In the terminal's order. */
    readonly users: readonly DeviceUser[],
    /** Decoded, but unusable; counted by the proof. */
    readonly invalid: readonly InvalidRecord[],
    readonly proof: ReadProof,
  ) {
    Object.freeze(this);
  }

  /** For the prover alone. */
  static [MAKER](users: readonly DeviceUser[], invalid: readonly InvalidRecord[], proof: ReadProof): CompleteUserRead {
    return new CompleteUserRead(users, invalid, proof);
  }
}

/** Not part of the front door: prove.ts calls it after every check has passed. */
export function completeUserRead(
  users: readonly DeviceUser[],
  invalid: readonly InvalidRecord[],
  proof: ReadProof,
): CompleteUserRead {
  return CompleteUserRead[MAKER](users, invalid, proof);
}
