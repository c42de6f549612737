import { AppConfig } from '@app/config';
import { type Tx } from '@app/database';
import { Incident } from '@app/monitoring';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Erasure } from './erasure.entity.js';

const DAY_MS = 24 * 60 * 60_000;
/** A backup with at least so much of the most users that any has is kept for ever, if it is the newest such. */
const LARGE = 0.95;

/** Which files still hold an erased user. They are not rewritten: they are encrypted, and go when their time is over. */
export interface HeldBackups {
  readonly count: number;
  /** When the last of them is removed; null: there is none, or it is not known when. */
  readonly goneAt: Date | null;
  /** Why it is not known when; null: it is, or there is none. */
  readonly keptBecause: string | null;
}

interface HeldRow {
  readonly count: number;
  readonly last: Date | null;
  readonly newest: string | null;
  readonly largest: string | null;
}

/** Looks in the catalogue for the files that hold erased users. */
@Injectable()
export class HeldBackupsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
  ) {}

  async heldBy(erasure: Erasure, tx: Tx = this.dataSource.manager): Promise<HeldBackups> {
    const { deviceId, deviceUserId, erasedAt, settledAt, liveState } = erasure;
    const isGone = liveState === 'removed' || liveState === 'absent';
    const until = isGone && settledAt && settledAt > erasedAt ? settledAt : isGone ? erasedAt : null;
    const [{ count, last, newest, largest }] = await tx.query<HeldRow[]>(
      `with valid as (
         select id, filename, taken_at, user_count, user_ids @> array[$2::text] and ($3::timestamptz is null or taken_at <= $3) as holds
           from device_backups where device_id = $1 and state = 'valid'),
       newest as (select * from valid order by taken_at desc, id desc limit 1),
       largest as (select * from valid where user_count >= $4::float8 * (select max(user_count) from valid)
                    order by taken_at desc, id desc limit 1)
       select (select count(*)::int from valid where holds) as count,
              (select max(taken_at) from valid where holds) as last,
              (select filename from newest where holds) as newest,
              (select filename from largest where holds) as largest`,
      [deviceId, deviceUserId, until, LARGE],
    );
    if (!isGone)
      return {
        count,
        goneAt: null,
        keptBecause: 'the user is not proven to be off the terminal, and new backups hold it too',
      };
    if (!last) return { count, goneAt: null, keptBecause: null };
    if (newest)
      return {
        count,
        goneAt: null,
        keptBecause: `${newest} is the newest valid backup of the terminal; it is kept until there is a newer one`,
      };
    if (largest)
      return {
        count,
        goneAt: null,
        keptBecause: `${largest} is the newest backup with nearly all users that the terminal ever had; it is kept until there is a newer one`,
      };
    if (await this.isTripped(tx, deviceId))
      return {
        count,
        goneAt: null,
        keptBecause:
          'many users are missing from the terminal, and none of its backups is removed until that is settled',
      };
    return { count, goneAt: new Date(last.getTime() + this.config.backupRetentionDays * DAY_MS), keptBecause: null };
  }

  private async isTripped(tx: Tx, deviceId: string): Promise<boolean> {
    const open = await tx.findOneBy(Incident, { deviceId, state: 'open' });
    return open !== null && open.level !== 'notice';
  }
}
