import { type PastStay, type ReadsAround } from '@app/monitoring';
import { type DeviceUserId } from '@app/kernel';
import { type BackupWitness } from './backup-witness.js';

export const CERTAINTIES = ['seen', 'last_seen', 'between_reads', 'backup'] as const;
/**
 * How it is known that a user was there. `seen`: before the moment and after it. `last_seen`: before it, and nobody has looked
 * since. `between_reads`: on one side of it alone, so that the user came or went around it. `backup`: only backups tell.
 */
export type Certainty = (typeof CERTAINTIES)[number];

/** Everything that is known of one terminal around one moment. */
export interface Moment {
  readonly at: Date;
  readonly reads: ReadsAround;
  /** Whom the nearest read on either side showed. */
  readonly stays: ReadonlyMap<DeviceUserId, PastStay>;
  readonly backupBefore: BackupWitness | undefined;
  readonly backupAfter: BackupWitness | undefined;
}

/** A user who was there, or may have been. */
export interface PastUser {
  readonly deviceUserId: DeviceUserId;
  readonly name: string | null;
  readonly cardNumber: string | null;
  readonly slot: number | null;
  /** The first read or backup of this stay that showed the user. */
  readonly since: Date;
  /** The last one; null: the last read there is showed the user. */
  readonly until: Date | null;
  readonly certainty: Certainty;
}

type Witness = 'read' | 'backup' | undefined;

/** Which of the two is nearer to the moment, from before. */
function witnessBefore({ reads: { beforeAtLeast }, backupBefore }: Moment): Witness {
  if (backupBefore && (!beforeAtLeast || backupBefore.takenAt > beforeAtLeast)) return 'backup';
  return beforeAtLeast ? 'read' : undefined;
}

function witnessAfter({ reads: { afterAtMost }, backupAfter }: Moment): Witness {
  if (backupAfter && (!afterAtMost || backupAfter.takenAt < afterAtMost)) return 'backup';
  return afterAtMost ? 'read' : undefined;
}

/** Whether anybody had looked by then: if not, nothing is known of who was there. */
export function isKnown(moment: Moment): boolean {
  return witnessBefore(moment) !== undefined;
}

/** Whom the last read or backup at or before the moment showed. */
export function shownBefore(moment: Moment): ReadonlySet<DeviceUserId> {
  const { at, stays, backupBefore } = moment;
  if (witnessBefore(moment) === 'backup') return backupBefore?.userIds ?? new Set();
  return new Set([...stays.values()].filter(({ firstSeenAt }) => firstSeenAt <= at).map((stay) => stay.deviceUserId));
}

/** Whom the first read or backup after the moment showed; undefined: there is none yet. */
export function shownAfter(moment: Moment): ReadonlySet<DeviceUserId> | undefined {
  const { at, stays, backupAfter } = moment;
  const witness = witnessAfter(moment);
  if (witness === undefined) return undefined;
  if (witness === 'backup') return backupAfter?.userIds ?? new Set();
  const shown = [...stays.values()].filter(({ lastSeenAt }) => lastSeenAt === null || lastSeenAt > at);
  return new Set(shown.map(({ deviceUserId }) => deviceUserId));
}

/** Everybody who was there at the moment or may have been, in no order; nobody where nothing is known. */
export function usersOf(moment: Moment): PastUser[] {
  if (!isKnown(moment)) return [];
  const [before, after] = [shownBefore(moment), shownAfter(moment)];
  return [...new Set([...before, ...(after ?? [])])].map((id) => {
    const stay = moment.stays.get(id);
    return {
      ...traitsOf(id, stay),
      ...timesOf(moment, id, stay),
      certainty: certaintyOf(moment, stay, before.has(id), after?.has(id)),
    };
  });
}

/** A stay that a read showed only later, with backups in between, tells nothing of the moment: those backups do. */
function certaintyOf(moment: Moment, stay: PastStay | undefined, before: boolean, after?: boolean): Certainty {
  if (after !== undefined && before !== after) return 'between_reads';
  const byReads = stay !== undefined && (stay.firstSeenAt <= moment.at || witnessAfter(moment) === 'read');
  if (!byReads) return 'backup';
  return after === undefined ? 'last_seen' : 'seen';
}

function traitsOf(
  deviceUserId: DeviceUserId,
  stay: PastStay | undefined,
): Pick<PastUser, 'deviceUserId' | 'name' | 'cardNumber' | 'slot'> {
  const { name, cardNumber, slot } = stay ?? { name: null, cardNumber: null, slot: null };
  return { deviceUserId, name, cardNumber, slot };
}

/** A backup may have shown the user before the first read did, and after the last. */
function timesOf(moment: Moment, id: DeviceUserId, stay: PastStay | undefined): Pick<PastUser, 'since' | 'until'> {
  const backups = [moment.backupBefore, moment.backupAfter].flatMap((backup) =>
    backup?.userIds.has(id) ? [backup.takenAt.getTime()] : [],
  );
  const first = stay ? [stay.firstSeenAt.getTime()] : [];
  const last = stay?.lastSeenAt ? [stay.lastSeenAt.getTime()] : [];
  return {
    since: new Date(Math.min(...first, ...backups)),
    until: stay && stay.lastSeenAt === null ? null : new Date(Math.max(...last, ...backups)),
  };
}
