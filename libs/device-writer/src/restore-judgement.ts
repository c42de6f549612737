import { type UserSnapshot } from './user-snapshot.js';

/** What putting one snapshot over what a terminal holds would come to. */
export type RestoreJudgement =
  | {
      readonly action: 'create' | 'update';
      /** The user as the terminal will hold it, byte by byte. */
      readonly after: UserSnapshot;
      readonly credentialsAdded: number;
      /** Held by the terminal with other contents; those of the snapshot take their place. */
      readonly credentialsReplaced: number;
    }
  | { readonly action: 'unchanged'; readonly after: UserSnapshot }
  | {
      readonly action: 'refused';
      /** Stable: `no-room`, `id-taken`, `card-taken`, `other-algorithm`, `other-record-width`, `unwritable`. */
      readonly code: RestoreRefusal;
      /** For people: which value, which bound, what to do. */
      readonly reason: string;
    };

export const RESTORE_REFUSALS = [
  'no-room',
  'id-taken',
  'card-taken',
  'other-algorithm',
  'other-record-width',
  'unwritable',
] as const;
export type RestoreRefusal = (typeof RESTORE_REFUSALS)[number];

/** A user that is to be as a snapshot has it. */
export interface RestoreOrder {
  /** Of the terminal's protocol. Of depth `attributes`, no credential is touched. */
  readonly snapshot: Buffer;
  /** The digest of what the terminal is taken to hold of the user; null: absent. Anything else is left alone. */
  readonly expected: string | null;
  /** For the WriteConsequence of the batch's purpose; no secrets. */
  readonly purposeData?: Readonly<Record<string, unknown>>;
}

/** What became of one order of a batch. */
export interface RestoreOutcome {
  readonly deviceUserId: string;
  /**
   * `done`: written and proven. `unchanged`: he was so already. `refused`: as judged. `stale`: he is not what was expected;
   * nothing was sent. `not_done`, `undetermined`: as of a DeviceWrite. `unsettled`: it is settled by reading, later.
   */
  readonly state: 'done' | 'unchanged' | 'refused' | 'stale' | 'not_done' | 'undetermined' | 'unsettled';
  readonly code?: string;
  readonly reason?: string;
  readonly writeId?: string;
}
