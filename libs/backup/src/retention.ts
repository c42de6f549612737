import { type DeviceBackup } from './backup.entities.js';

/** A backup of at least so much of the most users that the device ever had is worth keeping, however old. */
const FULL_SIZE = 0.95;
const DAY_MS = 24 * 60 * 60_000;

/** What of a backup decides whether it may go. */
export type KeptBackup = Pick<DeviceBackup, 'id' | 'deviceId' | 'takenAt' | 'userCount' | 'state'>;

export interface RetentionCircumstances {
  readonly now: Date;
  readonly retentionDays: number;
  /** The most users that a backup of each device ever had, also one that was removed; those that are given unless told. */
  readonly mostUsers?: ReadonlyMap<string, number>;
  /** Devices that have lost many users: nothing of theirs goes. */
  readonly trippedDevices: ReadonlySet<string>;
}

/**
 * Which backups may go: older than the retention, and not the newest valid one of its device, not the newest of full size,
 * and not of a tripped device (safety design 4). Both protections count valid backups alone.
 */
export function removable<B extends KeptBackup>(
  backups: readonly B[],
  { now, retentionDays, trippedDevices, mostUsers }: RetentionCircumstances,
): B[] {
  const kept = protectedOf(backups, mostUsers);
  const limit = now.getTime() - retentionDays * DAY_MS;
  return backups.filter(
    ({ id, deviceId, takenAt }) => takenAt.getTime() < limit && !kept.has(id) && !trippedDevices.has(deviceId),
  );
}

/** Those that are kept whatever their age. */
export function protectedOf(
  backups: readonly KeptBackup[],
  mostUsers: ReadonlyMap<string, number> = new Map(),
): ReadonlySet<string> {
  const kept = new Set<string>();
  const valid = backups
    .filter(({ state }) => state === 'valid')
    .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  for (const device of new Set(valid.map(({ deviceId }) => deviceId))) {
    const own = valid.filter(({ deviceId }) => deviceId === device);
    const largest = Math.max(...own.map(({ userCount }) => userCount));
    const most = Math.max(largest, mostUsers.get(device) ?? 0);
    kept.add(own[0].id);
    kept.add(
      (
        own.find(({ userCount }) => userCount >= FULL_SIZE * most) ??
        own.find(({ userCount }) => userCount === largest)!
      ).id,
    );
  }
  return kept;
}
