import { type Device } from '@app/devices';
import { type DeviceUserId } from '@app/kernel';
import { type DeviceBackup, type RestoreAction } from '../backup.entities.js';

/** Where users come from: a backup, and who of it; undefined: everybody in it. */
export interface RestoreSource {
  readonly backup: DeviceBackup;
  readonly deviceUserIds?: readonly DeviceUserId[];
}

/** Who is wanted back. */
export interface RestoreSelection {
  /** Only users whom the terminal does not have: nobody who is there is touched. */
  readonly onlyMissing?: boolean;
  /** Nobody but these. */
  readonly deviceUserIds?: readonly DeviceUserId[];
}

/** What would become of one user. */
export interface PlannedUser {
  readonly deviceUserId: DeviceUserId;
  readonly name: string | null;
  /** Undefined: no backup holds him. */
  readonly backupId?: string;
  readonly action: RestoreAction;
  /** Why he is refused: a stable code, and what to do for people. */
  readonly code?: string;
  readonly reason?: string;
  readonly credentialsAdded: number;
  readonly credentialsReplaced: number;
  /** Of what the terminal holds of him now; null: he is absent. */
  readonly beforeDigest: string | null;
}

/** What a restore would do, and to which state of the terminal. */
export interface RestorePlan {
  readonly device: Device;
  readonly sources: readonly RestoreSource[];
  /** CompleteCopy.stateHash of the terminal; a terminal with another one is not the one that was planned for. */
  readonly stateHash: string;
  /** In the order of IDs, each once. */
  readonly users: readonly PlannedUser[];
  /** What the backups lack, for people. */
  readonly lacking: readonly string[];
}

/** How many users of a plan come to what. */
export type RestoreCounts = Readonly<Record<RestoreAction, number>> & {
  readonly credentialsAdded: number;
  readonly credentialsReplaced: number;
};

export function countPlan(users: readonly PlannedUser[]): RestoreCounts {
  const counts = { create: 0, update: 0, unchanged: 0, refused: 0, credentialsAdded: 0, credentialsReplaced: 0 };
  for (const { action, credentialsAdded, credentialsReplaced } of users) {
    counts[action] += 1;
    counts.credentialsAdded += credentialsAdded;
    counts.credentialsReplaced += credentialsReplaced;
  }
  return counts;
}
