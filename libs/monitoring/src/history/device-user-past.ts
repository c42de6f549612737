import { type DeviceUserId } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type ObservationOutcome, type StayEnd } from '../monitoring.entities.js';
import { MONITORING_OPTIONS, type MonitoringOptions, observationGapMs } from '../monitoring-options.js';

/** A stay as history has it. */
export interface PastStay {
  readonly deviceUserId: DeviceUserId;
  readonly slot: number | null;
  readonly name: string | null;
  readonly cardNumber: string | null;
  readonly firstSeenAt: Date;
  /** The last complete read that showed the user; null: it is there now. */
  readonly lastSeenAt: Date | null;
  /** The first complete read that did not. */
  readonly goneAt: Date | null;
  readonly endedAs: StayEnd | null;
}

/** What is known of the complete reads around a moment. */
export interface ReadsAround {
  /** The nearest one at or before it whose instant was kept; null: there was none. */
  readonly before: Date | null;
  /** The nearest one after it whose instant was kept; null: there is none yet. */
  readonly after: Date | null;
  /** The true last read before is no earlier; later than `before` where reads kept coming to the same. */
  readonly beforeAtLeast: Date | null;
  /** The true first read after is no later. */
  readonly afterAtMost: Date | null;
  /** What reads came to at that time; null: nobody read the terminal then. */
  readonly observed: { readonly outcome: ObservationOutcome; readonly from: Date; readonly until: Date } | null;
}

interface InstantsRow {
  readonly before: Date | null;
  readonly after: Date | null;
}

const STAY = `device_user_id as "deviceUserId", slot, name, card_number as "cardNumber", first_seen_at as "firstSeenAt",
              last_seen_at as "lastSeenAt", gone_at as "goneAt", ended_as as "endedAs"`;

/** Tells from the stays and observations who was on a terminal; changes nothing. */
@Injectable()
export class DeviceUserPast {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions,
  ) {}

  /**
   * Intervals keep the instants of their first and last read alone, stays those of their ends. That is enough: a read that
   * showed another set of users than the one before it is always among them, and so is the one before it.
   */
  async findReadsAround(deviceId: string, at: Date): Promise<ReadsAround> {
    const [{ before, after }] = await this.dataSource.query<InstantsRow[]>(
      `with instants as (
         select unnest(array[observed_from, observed_until]) as at from device_observations
          where device_id = $1 and outcome = 'complete'
         union all
         select unnest(array[first_seen_at, last_seen_at, gone_at]) from device_user_stays where device_id = $1)
       select max(at) filter (where at <= $2) as before, min(at) filter (where at > $2) as after from instants`,
      [deviceId, at],
    );
    const [observed] = await this.dataSource.query<NonNullable<ReadsAround['observed']>[]>(
      `select outcome, observed_from as "from", observed_until as until from device_observations
        where device_id = $1 and observed_from <= $2 and observed_until >= $2 order by observed_from desc, id desc limit 1`,
      [deviceId, at],
    );
    const within = observed?.outcome === 'complete' && observed.from < at && at < observed.until;
    const gapMs = within ? observationGapMs(this.options) : Number.POSITIVE_INFINITY;
    return {
      before,
      after,
      beforeAtLeast: before && new Date(Math.max(before.getTime(), at.getTime() - gapMs)),
      afterAtMost: after && new Date(Math.min(after.getTime(), at.getTime() + gapMs)),
      observed: observed ?? null,
    };
  }

  /** Whom the last complete read at or before a moment showed, and whom the first one after it did: in no order. */
  async findPresentAround(deviceId: string, at: Date, { after }: ReadsAround): Promise<PastStay[]> {
    return this.dataSource.query<PastStay[]>(
      `select ${STAY} from device_user_stays
        where device_id = $1 and first_seen_at <= $2 and (gone_at is null or gone_at > $3)`,
      [deviceId, after ?? at, at],
    );
  }

  /** Every stay that began or ended within a range, its beginning left out, oldest first. */
  async findStaysBetween(deviceId: string, from: Date, to: Date): Promise<PastStay[]> {
    return this.dataSource.query<PastStay[]>(
      `select ${STAY} from device_user_stays
        where device_id = $1 and ((first_seen_at > $2 and first_seen_at <= $3) or (gone_at > $2 and gone_at <= $3))
        order by first_seen_at, id`,
      [deviceId, from, to],
    );
  }
}
