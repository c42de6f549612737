import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { type WrittenEnd } from './order-outcome.js';
import { type OrderState, SyncRunOrderRow } from './sync-run-order.entity.js';

/** What is asked for. */
export interface RunOrder {
  readonly deviceId: string;
  readonly service: string;
  readonly preview: boolean;
  readonly orderedBy: string;
}

/** How an order is doing, by the database's clock. */
export interface OrderStanding {
  readonly state: OrderState;
  readonly syncRunId: string | null;
  readonly outcome: WrittenEnd | null;
  /** Since it was placed, while it waits; since its server was last heard of, while it is taken. */
  readonly silentMs: number;
}

/** Keeps `sync_run_orders`, the desk at which processes ask each other for runs. */
@Injectable()
export class SyncRunOrders {
  constructor(@InjectRepository(SyncRunOrderRow) private readonly orders: Repository<SyncRunOrderRow>) {}

  /** Asks for a run; gives the number of the order. What nobody asks about any more is removed. */
  async place({ deviceId, service, preview, orderedBy }: RunOrder): Promise<string> {
    await this.orders.query(`delete from sync_run_orders where ordered_at < clock_timestamp() - interval '1 day'`);
    const [{ id }] = await this.orders.query<{ id: string }[]>(
      `insert into sync_run_orders (device_id, service, preview, ordered_by) values ($1, $2, $3, $4) returning id`,
      [deviceId, service, preview, orderedBy],
    );
    return id;
  }

  /** Whoever asked does not want it any more; a server that is at it stops. */
  async withdraw(id: string): Promise<void> {
    await this.orders.update({ id, state: In(['waiting', 'taken']) }, { state: 'withdrawn' });
  }

  async standingOf(id: string): Promise<OrderStanding | undefined> {
    const [row] = await this.orders.query<(StandingRow | undefined)[]>(
      `select state, sync_run_id, outcome,
              (extract(epoch from clock_timestamp() - coalesce(heard_at, ordered_at)) * 1000)::float8 as silent_ms
         from sync_run_orders where id = $1`,
      [id],
    );
    return row && { state: row.state, syncRunId: row.sync_run_id, outcome: row.outcome, silentMs: row.silent_ms };
  }

  /** Orders that nobody has taken yet, oldest first. */
  async findWaiting(): Promise<SyncRunOrderRow[]> {
    return this.orders.find({ where: { state: 'waiting' }, order: { id: 'ASC' } });
  }

  /** Takes an order, unless another server was quicker or it was withdrawn. */
  async take(id: string, server: string): Promise<boolean> {
    const taken = await this.orders.update(
      { id, state: 'waiting' },
      { state: 'taken', takenBy: server, heardAt: () => 'clock_timestamp()' },
    );
    return taken.affected === 1;
  }

  /** Says that the run is still under way. False: it is not wanted any more. */
  async noteUnderway(id: string): Promise<boolean> {
    const noted = await this.orders.update({ id, state: 'taken' }, { heardAt: () => 'clock_timestamp()' });
    return noted.affected === 1;
  }

  async noteRun(id: string, syncRunId: string): Promise<void> {
    await this.orders.update({ id, state: 'taken' }, { syncRunId });
  }

  async finish(id: string, state: 'done' | 'failed', outcome: WrittenEnd): Promise<void> {
    await this.orders.query(
      `update sync_run_orders set state = $2, outcome = $3::jsonb where id = $1 and state = 'taken'`,
      [id, state, JSON.stringify(outcome)],
    );
  }
}

interface StandingRow {
  readonly state: OrderState;
  readonly sync_run_id: string | null;
  readonly outcome: WrittenEnd | null;
  readonly silent_ms: number;
}
