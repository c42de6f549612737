import { DevicesService } from '@app/devices';
import { Clock, compareDeviceUserIds } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { isKnown, type Moment, type PastUser, usersOf } from './moment.js';
import { decodeMomentCursor, encodeMomentCursor } from './moment-cursor.js';
import { Moments } from './moments.js';

/** One page of who was on a terminal. */
export interface PastUsers {
  readonly moment: Moment;
  /** False: nobody had looked by then, so that an empty list says nothing. */
  readonly known: boolean;
  /** How many there are on all pages. */
  readonly count: number;
  /** In the order of IDs. */
  readonly items: readonly PastUser[];
  readonly nextCursor: string | null;
}

/** Tells who was on a terminal at a moment, from the reads of monitoring and from backups. */
@Injectable()
export class DevicePastService {
  constructor(
    private readonly devices: DevicesService,
    private readonly moments: Moments,
    private readonly clock: Clock,
  ) {}

  /**
   * @param at now unless given; what has not been yet is taken for now
   * @throws {DeviceNotFoundError} {BadCursorError}
   */
  async findUsersAt(
    deviceId: string,
    wanted: { readonly at?: Date; readonly limit: number; readonly cursor?: string },
  ): Promise<PastUsers> {
    const { id } = await this.devices.get(deviceId);
    const cursor = wanted.cursor === undefined ? undefined : decodeMomentCursor(wanted.cursor);
    const now = this.clock.now();
    const at = cursor?.at ?? wanted.at ?? now;
    const moment = await this.moments.find(id, at > now ? now : at);
    const users = usersOf(moment).toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId));
    const rest = cursor
      ? users.filter(({ deviceUserId }) => compareDeviceUserIds(deviceUserId, cursor.after) > 0)
      : users;
    const items = rest.slice(0, wanted.limit);
    const last = rest.length > items.length ? items.at(-1) : undefined;
    return {
      moment,
      known: isKnown(moment),
      count: users.length,
      items,
      nextCursor: last ? encodeMomentCursor({ at: moment.at, after: last.deviceUserId }) : null,
    };
  }
}
