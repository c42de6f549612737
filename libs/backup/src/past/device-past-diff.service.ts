import { DevicesService } from '@app/devices';
import { Clock, compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { DeviceUserPast, HISTORY_BOUNDS, HistoryRangeError, type PastStay, type StayEnd } from '@app/monitoring';
import { Injectable } from '@nestjs/common';
import { type BackupChanges, BackupComparison } from './backup-changes.js';
import { isKnown, type Moment, shownBefore } from './moment.js';
import { Moments } from './moments.js';

const DAY_MS = 24 * 60 * 60_000;

/** A user who is on one side of a range alone. */
export interface Crossing {
  readonly deviceUserId: DeviceUserId;
  readonly name: string | null;
  readonly cardNumber: string | null;
}

/** Who came. */
export interface Arrival extends Crossing {
  /** The first read or backup that showed the user. */
  readonly at: Date;
}

/** Who went. */
export interface Departure extends Crossing {
  /** The last read that showed the user; null: only a backup did. */
  readonly lastSeenAt: Date | null;
  /** The first read or backup that did not. */
  readonly goneAt: Date;
  /** As it is known today; null: only a backup tells that the user is gone. */
  readonly how: StayEnd | null;
}

/** What is different between two moments. */
export interface PastDiff {
  readonly from: Moment;
  readonly to: Moment;
  /** False: nobody had looked by one of the two moments, so that nothing can be compared. */
  readonly known: boolean;
  readonly arrived: readonly Arrival[];
  readonly departed: readonly Departure[];
  /** There at both moments, and not all the time: each time that they went. */
  readonly wentAndCameBack: readonly Departure[];
  /** There at neither moment, and in between: each time that they went. */
  readonly cameAndWent: readonly Departure[];
  readonly changed: BackupChanges;
}

/** Tells what changed on a terminal between two moments. Each list is in the order of IDs. */
@Injectable()
export class DevicePastDiffService {
  constructor(
    private readonly devices: DevicesService,
    private readonly moments: Moments,
    private readonly past: DeviceUserPast,
    private readonly comparison: BackupComparison,
    private readonly clock: Clock,
  ) {}

  /**
   * @param range `to` is now unless given; what has not been yet is taken for now
   * @throws {DeviceNotFoundError} {HistoryRangeError} the range is none, or longer than 400 days
   */
  async diff(deviceId: string, range: { readonly from: Date; readonly to?: Date }): Promise<PastDiff> {
    const device = await this.devices.get(deviceId);
    const now = this.clock.now();
    const { from } = range;
    const to = range.to && range.to < now ? range.to : now;
    const days = (to.getTime() - from.getTime()) / DAY_MS;
    if (days <= 0 || days > HISTORY_BOUNDS.longestDays)
      throw new HistoryRangeError(from, to, HISTORY_BOUNDS.longestDays);
    const [start, end] = [await this.moments.find(device.id, from), await this.moments.find(device.id, to)];
    const known = isKnown(start) && isKnown(end);
    const stays = known ? await this.past.findStaysBetween(device.id, from, to) : [];
    return {
      from: start,
      to: end,
      known,
      ...crossingsOf(start, end, stays, known),
      changed: await this.comparison.compare(device, start.backupBefore, end.backupBefore),
    };
  }
}

type Crossings = Pick<PastDiff, 'arrived' | 'departed' | 'wentAndCameBack' | 'cameAndWent'>;

function crossingsOf(from: Moment, to: Moment, stays: readonly PastStay[], known: boolean): Crossings {
  if (!known) return { arrived: [], departed: [], wentAndCameBack: [], cameAndWent: [] };
  const [before, after] = [shownBefore(from), shownBefore(to)];
  const ended = stays.filter(({ goneAt }) => goneAt !== null && goneAt > from.at && goneAt <= to.at);
  const endOf = new Map(ended.map((stay) => [stay.deviceUserId, stay]));
  const departures = (wanted: (id: DeviceUserId) => boolean): Departure[] =>
    inOrder(
      ended.filter(({ deviceUserId }) => wanted(deviceUserId)).map((stay) => departureOf(to, stay.deviceUserId, stay)),
    );
  return {
    arrived: inOrder([...after].filter((id) => !before.has(id)).map((id) => arrivalOf(to, id, stays))),
    departed: inOrder(
      [...before].filter((id) => !after.has(id)).map((id) => departureOf(to, id, endOf.get(id) ?? from.stays.get(id))),
    ),
    wentAndCameBack: departures((id) => before.has(id) && after.has(id)),
    cameAndWent: departures((id) => !before.has(id) && !after.has(id)),
  };
}

/** The stay that lasts at the end of the range, or what the backup says that alone shows the user. */
function arrivalOf(
  { at, stays: lasting, backupBefore }: Moment,
  deviceUserId: DeviceUserId,
  stays: readonly PastStay[],
): Arrival {
  const stay = lasting.get(deviceUserId) ?? stays.findLast((each) => each.deviceUserId === deviceUserId);
  const backedUpAt = backupBefore?.userIds.has(deviceUserId) ? backupBefore.takenAt : undefined;
  const seenAt = stay && stay.firstSeenAt <= at ? stay.firstSeenAt : undefined;
  return { ...whoIs(deviceUserId, stay), at: seenAt ?? backedUpAt ?? at };
}

function departureOf({ at, backupBefore }: Moment, deviceUserId: DeviceUserId, stay: PastStay | undefined): Departure {
  const { lastSeenAt = null, endedAs: how = null, goneAt = null } = stay ?? {};
  return { ...whoIs(deviceUserId, stay), lastSeenAt, goneAt: goneAt ?? backupBefore?.takenAt ?? at, how };
}

function whoIs(deviceUserId: DeviceUserId, stay: PastStay | undefined): Crossing {
  return { deviceUserId, name: stay?.name ?? null, cardNumber: stay?.cardNumber ?? null };
}

function inOrder<T extends Crossing>(crossings: readonly T[]): T[] {
  return crossings.toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId));
}
