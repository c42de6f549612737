import { type Tx } from '@app/database';
import { type Actor, type DeviceUserId } from '@app/kernel';
import { type DeviceWrite } from './device-write.entity.js';
import { type PlanOptions, type UserChange } from './device-writer.js';
import { type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';

/** What is to be done to one user. */
export type WriteOrder =
  | { readonly kind: 'update'; readonly change: UserChange; readonly options?: PlanOptions }
  | { readonly kind: 'delete' }
  /** `snapshot`: the bytes of a snapshot with everything, of the same protocol. */
  | { readonly kind: 'restore'; readonly snapshot: Buffer };

/** A write that somebody asks for. */
export type WriteRequest = WriteOrder & {
  readonly deviceUserId: DeviceUserId;
  /** Whose the write is, as the audit log and the budgets know them. */
  readonly actor: Actor;
  /** Names the WriteConsequence that runs together with "done". */
  readonly purpose: string;
  /** What that consequence needs to know, also after a restart; no secrets. */
  readonly purposeData?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  /**
   * What the caller takes the user to be: the digest of a write before, or a question about what was found. Anything
   * else is not overwritten.
   */
  readonly expected?: string | ((found: UserSnapshot) => boolean);
  /** The caller knows that users are missing from the terminal, and wants the write all the same. */
  readonly confirmTripped?: boolean;
  /** Runs first in the transaction that stores the intent: what throws here ends the story before anything is sent. */
  readonly beforeIntent?: (tx: Tx) => Promise<void>;
  /** Ends the story while nothing has been sent yet; afterwards it is told to its end. */
  readonly signal?: AbortSignal;
};

/** The user before and after a write; undefined: absent. */
export interface WriteImages {
  readonly before?: UserSnapshot;
  readonly after?: UserSnapshot;
}

/** A write that was done and proven. */
export interface FinishedWrite extends WriteImages {
  readonly write: DeviceWrite;
}

/** How much must be read of a user to tell what became of a write. */
export function depthOf(kind: WriteOrder['kind']): SnapshotDepth {
  return kind === 'update' ? 'attributes' : 'everything';
}
