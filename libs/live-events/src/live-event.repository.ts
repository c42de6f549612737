import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type EventPlace, type LiveEvent, type LiveEventType } from './live-event.js';

/** Events per look; what is more is read at once after it. */
export const PAGE = 500;
const SWEEP = 10_000;

/** What a look at the events after a place found. */
export interface Look {
  readonly epoch: string;
  /** Whoever stands before it has missed events that are not kept any more. */
  readonly floor: EventPlace;
  readonly events: readonly LiveEvent[];
  /** Events are committed that have to wait, since an older transaction is still under way. */
  readonly pending: boolean;
}

interface LookRow {
  readonly epoch: string;
  readonly floor_xid: string;
  readonly floor_id: string;
  readonly pending: boolean;
  readonly id: string | null;
  readonly xid: string;
  readonly type: LiveEventType;
  readonly event: string;
  readonly device_id: string;
  readonly data: Record<string, unknown>;
  readonly happened_at: Date;
}

/**
 * The statements on `live_events`. A place is passed for good only below the horizon, the oldest transaction that is
 * still under way: what commits later has a higher number, so a reader that goes on from a place misses nothing. One
 * snapshot gives horizon, floor and rows together.
 */
@Injectable()
export class LiveEventRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The next events after a place, at most a page of them. */
  async after({ xid, id }: EventPlace): Promise<Look> {
    const rows = await this.dataSource.query<LookRow[]>(
      `with now as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon)
       select s.epoch, s.floor_xid, s.floor_id, e.*,
              exists (select 1 from live_events where xid >= (select horizon from now)) as pending
         from live_event_stream s
         left join lateral (
           select * from live_events where (xid, id) > ($1, $2) and xid < (select horizon from now)
            order by xid, id limit ${PAGE}) e on true`,
      [String(xid), String(id)],
    );
    const [{ epoch, floor_xid, floor_id, pending }] = rows;
    const events = rows.filter(({ id }) => id !== null).map(eventOf);
    return { epoch, floor: { xid: BigInt(floor_xid), id: BigInt(floor_id) }, events, pending };
  }

  /** Behind everything that can be read now. */
  async head(): Promise<{ readonly epoch: string; readonly place: EventPlace }> {
    const [row] = await this.dataSource.query<{ epoch: string; xid: string; id: string }[]>(
      `select s.epoch, coalesce(e.xid, s.floor_xid) as xid, coalesce(e.id, s.floor_id) as id
         from live_event_stream s
         left join lateral (
           select xid, id from live_events where xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            order by xid desc, id desc limit 1) e on true`,
    );
    return { epoch: row.epoch, place: { xid: BigInt(row.xid), id: BigInt(row.id) } };
  }

  /** Removes what is older, and raises the floor with it. Several servers may do so at once. */
  async removeBefore(instant: Date): Promise<number> {
    for (let removed = 0; ;) {
      const [{ count }] = await this.dataSource.query<{ count: number }[]>(
        `with gone as (
           delete from live_events where id in
             (select id from live_events where happened_at < $1 order by happened_at limit ${SWEEP} for update skip locked)
           returning xid, id),
         highest as (select xid, id from gone order by xid desc, id desc limit 1),
         raised as (
           update live_event_stream s set floor_xid = h.xid, floor_id = h.id from highest h
            where (h.xid, h.id) > (s.floor_xid, s.floor_id))
         select count(*)::int from gone`,
        [instant],
      );
      removed += count;
      if (count < SWEEP) return removed;
    }
  }

  /**
   * A database that was put back from a dump counts its transactions anew, and events from before would stand in the
   * future: they are removed and a new epoch begins, so that every reader is told to read anew. True: that was so.
   */
  async mendNumbering(): Promise<boolean> {
    const [, mended] = await this.dataSource.query<[unknown[], number]>(
      `with now as (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next),
       future as (delete from live_events where xid >= (select next from now) returning 1)
       update live_event_stream set epoch = left(gen_random_uuid()::text, 8), floor_xid = 0, floor_id = 0
        where floor_xid >= (select next from now) or exists (select 1 from future)`,
    );
    return mended > 0;
  }
}

function eventOf(row: LookRow): LiveEvent {
  return {
    place: { xid: BigInt(row.xid), id: BigInt(row.id ?? 0) },
    type: row.type,
    event: row.event,
    deviceId: row.device_id,
    happenedAt: row.happened_at,
    data: row.data,
  };
}
