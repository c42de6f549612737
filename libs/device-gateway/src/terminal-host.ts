import { type AifaceCapacity, type AifaceCounters, type Credential, type LogBatch } from '@app/aiface-protocol';
import { type WallTime } from '@app/kernel';

/** A terminal that introduces itself. Nothing of it is proven: whoever reaches the port can say so. */
export interface Visitor {
  readonly serialNumber: string;
  /** The address that it calls from. */
  readonly address: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly fingerprintAlgorithm?: string;
  readonly mac?: string;
  readonly counters: AifaceCounters;
  readonly capacity: AifaceCapacity;
  /** What its clock showed, before we said anything; undefined: not told. */
  readonly clock?: WallTime;
  /** Whether it had registered on this connection before. */
  readonly again: boolean;
}

/** Whether a terminal may stay. `localTime` is what its clock is to show: the local wall time of its site. */
export type Admission =
  { readonly admitted: true; readonly localTime: WallTime } | { readonly admitted: false; readonly reason: string };

/** Something at the door of the listener that somebody has to look at. */
export type TerminalAlarm = {
  readonly address: string;
  /** Undefined: it had not registered. */
  readonly serialNumber?: string;
} & (
  | { readonly kind: 'second-connection'; readonly firstAddress: string }
  | { readonly kind: 'foreign-network'; readonly network: string }
  | { readonly kind: 'changed-serial'; readonly claimed: string }
  | { readonly kind: 'flood'; readonly waiting: number; readonly perTenSeconds: number }
  | { readonly kind: 'oversized'; readonly limitBytes: number }
  | { readonly kind: 'too-many-connections'; readonly connections: number }
  | { readonly kind: 'too-many-serials'; readonly lastSerial: string }
);

/** Decides about terminals that dial in, and keeps what they hand over. */
export abstract class TerminalHost {
  /** Asked at every registration, before it is answered: the answer sets the terminal's clock. */
  abstract admit(visitor: Visitor): Promise<Admission>;

  /** A terminal that was admitted is there; `left` follows when its connection ends. */
  abstract arrived(serialNumber: string, address: string): void;
  abstract left(serialNumber: string): void;

  /** Resolves when all of it is stored and not before: then the terminal is told that it may forget it. */
  abstract keepLog(serialNumber: string, batch: LogBatch): Promise<void>;

  /** As keepLog. */
  abstract keepEnrolment(serialNumber: string, credential: Credential): Promise<void>;

  abstract alarm(alarm: TerminalAlarm): void;
}
