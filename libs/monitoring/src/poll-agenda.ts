import { type Tx } from '@app/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MONITORING_OPTIONS, type MonitoringOptions, pollPeriodMs } from './monitoring-options.js';

/** A poll that found its terminal busy is tried again after this time. */
const AGAIN_AFTER_MS = 20_000;

/**
 * When each terminal is polled next. The times stand in the database, so that several servers share the polls out, and a
 * restart neither forgets one nor begins all at once: each terminal has its place in the interval, by a hash of its number.
 */
@Injectable()
export class PollAgenda {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions,
  ) {}

  /** Gives every enabled terminal its place within the period that begins now, unless it has a later one. */
  async spread(at: Date): Promise<void> {
    await this.dataSource.query(
      `insert into device_watch as w (device_id, next_poll_at)
       select d.id, $1::timestamptz + (abs(hashint8(d.id)::bigint) % $2::bigint) * interval '1 ms' from devices d where d.enabled
       on conflict (device_id) do update set next_poll_at = excluded.next_poll_at
         where w.next_poll_at is null or w.next_poll_at < $1::timestamptz`,
      [at, Math.floor(pollPeriodMs(this.options))],
    );
  }

  /** Takes at most `limit` terminals whose time has come, for this server; the longest waiting first. */
  async claimDue(at: Date, limit: number, notThese: readonly string[]): Promise<string[]> {
    const [rows] = await this.dataSource.query<[{ device_id: string }[], number]>(
      `update device_watch w
          set next_poll_at = greatest(w.next_poll_at + $2 * interval '1 ms', $1::timestamptz + $2 * interval '0.5 ms'),
              poll_started_at = $1
        where w.device_id in (
          select due.device_id from device_watch due join devices d on d.id = due.device_id and d.enabled
           where due.next_poll_at <= $1 and coalesce(due.paused_until <= $1, true) and due.device_id <> all($4::bigint[])
           order by due.next_poll_at limit $3 for update of due skip locked)
        returning w.device_id`,
      [at, pollPeriodMs(this.options), limit, notThese],
    );
    return rows.map(({ device_id: id }) => id);
  }

  /** Terminals that were added or enabled since the last spread get their place too. */
  async admitNew(at: Date): Promise<void> {
    await this.dataSource.query(
      `insert into device_watch as w (device_id, next_poll_at)
       select d.id, $1 from devices d left join device_watch known on known.device_id = d.id
        where d.enabled and known.next_poll_at is null
       on conflict (device_id) do update set next_poll_at = excluded.next_poll_at where w.next_poll_at is null`,
      [at],
    );
  }

  /** The poll could not be begun; it is due again soon. */
  async putBack(deviceId: string, at: Date): Promise<void> {
    await this.dataSource.query('update device_watch set next_poll_at = least(next_poll_at, $2) where device_id = $1', [
      deviceId,
      new Date(at.getTime() + AGAIN_AFTER_MS),
    ]);
  }

  /** A read that began at `startedAt` was complete: nobody bothers the terminal again before a period has passed. */
  async noteRead(tx: Tx, deviceId: string, startedAt: Date): Promise<void> {
    await tx.query(
      `update device_watch set next_poll_at = greatest(next_poll_at, $2::timestamptz + $3 * interval '1 ms')
        where device_id = $1`,
      [deviceId, startedAt, pollPeriodMs(this.options)],
    );
  }
}
