import { type Actor } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { BufferPopulationRow } from './buffer-population.entity.js';
import { type PopulateTotals } from './populate-totals.js';

/** A migration of the buffer that is under way, or that can go on. */
export interface Population {
  readonly id: string;
  /** In the order in which they are read. */
  readonly deviceIds: readonly string[];
  /** What it has read already, by device. */
  readonly done: ReadonlyMap<string, PopulateTotals>;
}

/** Keeps `buffer_populations`. What a migration has read is told by its runs in `sync_runs`. */
@Injectable()
export class BufferPopulations {
  constructor(@InjectRepository(BufferPopulationRow) private readonly populations: Repository<BufferPopulationRow>) {}

  async begin(deviceIds: readonly string[], actor: Actor): Promise<Population> {
    const [{ id }] = await this.populations.query<{ id: string }[]>(
      'insert into buffer_populations (device_ids, begun_by) values ($1::bigint[], $2) returning id',
      [deviceIds, actor.name],
    );
    return { id, deviceIds, done: new Map() };
  }

  /** The newest migration with what it has done; undefined: there was none, or it came to its end. */
  async findUnfinished(service: string): Promise<Population | undefined> {
    const [newest] = await this.populations.find({ order: { id: 'DESC' }, take: 1 });
    if (!newest || newest.finishedAt) return undefined;
    const runs = await this.populations.query<RunRow[]>(
      `select distinct on (device_id) device_id, users_read, mapped, unmapped, newly_buffered, already_buffered, invalid,
              (proof ->> 'counterAfter')::integer as counted
         from sync_runs
        where service = $1 and outcome = 'succeeded' and device_id = any($2::bigint[]) and started_at >= $3
        order by device_id, id`,
      [service, newest.deviceIds, newest.begunAt],
    );
    return {
      id: newest.id,
      deviceIds: newest.deviceIds,
      done: new Map(runs.map((run) => [run.device_id, totalsOf(run)])),
    };
  }

  async finish(id: string): Promise<void> {
    await this.populations.update({ id }, { finishedAt: () => 'clock_timestamp()' });
  }
}

interface RunRow {
  readonly device_id: string;
  readonly users_read: number;
  readonly mapped: number;
  readonly unmapped: number;
  readonly newly_buffered: number;
  readonly already_buffered: number;
  readonly invalid: number;
  readonly counted: number;
}

function totalsOf(run: RunRow): PopulateTotals {
  return {
    counted: run.counted,
    read: run.users_read,
    mapped: run.mapped,
    unmapped: run.unmapped,
    newlyBuffered: run.newly_buffered,
    alreadyBuffered: run.already_buffered,
    invalid: run.invalid,
  };
}
