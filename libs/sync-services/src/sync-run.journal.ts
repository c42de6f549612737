import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { AppError, systemActor } from '@app/kernel';
import { type Lease } from '@app/sync-coordinator';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { type RunOutcome, SyncRunRow } from './sync-run.entity.js';
import { type RunFindings } from './run.js';
import { SyncRunNotFoundError } from './sync-services.errors.js';

/** A waiting run of a dead process never gets a lease; after this long nobody can still be waiting. */
const LONGEST_WAIT = '15 minutes';

/** Which runs to list, newest first. */
export interface RunFilter {
  readonly deviceId?: string;
  readonly outcome?: RunOutcome;
  readonly limit: number;
  readonly cursor?: string;
}

/** Keeps `sync_runs`: one row per run, written when it starts and when it ends. Its times are the database's. */
@Injectable()
export class SyncRunJournal {
  constructor(@InjectRepository(SyncRunRow) private readonly runs: Repository<SyncRunRow>) {}

  /** Starts the row of a run that is about to ask for its lease; gives its id. */
  async begin(
    deviceId: string,
    request: { readonly service: string; readonly actor: { readonly name: string } },
  ): Promise<string> {
    const [{ id }] = await this.runs.query<{ id: string }[]>(
      `insert into sync_runs (device_id, service, requested_by, started_at, outcome)
       values ($1, $2, $3, clock_timestamp(), 'running') returning id`,
      [deviceId, request.service, request.actor.name],
    );
    return id;
  }

  /** Takes back the row of a run that found its work done. */
  async withdraw(runId: string): Promise<void> {
    await this.runs.delete({ id: runId, outcome: 'running' });
  }

  /**
   * Enabled devices that no scheduled run of `service` has come to an end with, well or badly, since the last full
   * `periodMinutes` by the database's clock.
   */
  async findDue(service: string, periodMinutes: number): Promise<ReadonlySet<string>> {
    const rows = await this.runs.query<{ id: string }[]>(
      `select d.id from devices d
        where d.enabled and not exists (
          select 1 from sync_runs r
           where r.device_id = d.id and r.service = $1 and r.requested_by = $2 and r.outcome not in ('running', 'abandoned', 'busy')
             and r.started_at >= date_bin($3 * interval '1 minute', clock_timestamp(), '2000-01-01 00:00:00+00'))`,
      [service, systemActor.name, periodMinutes],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The run has its lease: whoever still counts as running on this device under an older one is dead. */
  async recordLease(runId: string, deviceId: string, lease: Lease): Promise<void> {
    await lease.transaction(async (tx) => {
      await tx.query(
        `update sync_runs set outcome = 'abandoned', finished_at = clock_timestamp(),
                error_message = 'the process that ran it ended before it could say how'
          where device_id = $1 and outcome = 'running' and id <> $2
            and (lease_token < $3 or (lease_token is null and started_at < clock_timestamp() - $4::interval))`,
        [deviceId, runId, lease.token, LONGEST_WAIT],
      );
      await tx.query('update sync_runs set lease_token = $2 where id = $1', [runId, lease.token]);
    });
  }

  /** Ends the row of a run whose read was complete and is being stored in the same transaction. */
  async succeed(tx: Tx, run: RunFindings, proof: object): Promise<void> {
    const { totals, punches, punchFailure } = run;
    await tx.update(
      SyncRunRow,
      { id: run.runId },
      {
        outcome: 'succeeded',
        finishedAt: () => 'clock_timestamp()',
        usersRead: totals?.read ?? null,
        mapped: totals?.mapped ?? null,
        unmapped: totals?.unmapped ?? null,
        newlyBuffered: totals?.newlyBuffered ?? null,
        updated: totals?.updated ?? null,
        alreadyBuffered: totals?.alreadyBuffered ?? null,
        invalid: run.invalid ?? null,
        punchesRead: punches?.read ?? null,
        punchesImported: punches?.imported ?? null,
        punchErrorCode: punchFailure?.code ?? null,
        punchErrorMessage: punchFailure?.message ?? null,
        clockDriftSeconds: run.clockDriftSeconds ?? null,
        proof: { ...proof },
      },
    );
  }

  /** Ends the row of a run that failed, or that was stopped, saying why. */
  async fail(tx: Tx, runId: string, error: unknown, { stopped }: { readonly stopped: boolean }): Promise<void> {
    const foreseen = error instanceof AppError;
    await tx.update(
      SyncRunRow,
      { id: runId, outcome: 'running' },
      {
        outcome: stopped ? 'abandoned' : outcomeOf(error),
        finishedAt: () => 'clock_timestamp()',
        errorCode: foreseen ? error.code : 'sync/unforeseen',
        errorMessage: foreseen ? error.message : 'something that we did not foresee; the log has the details',
      },
    );
  }

  /** A page of runs, newest first. */
  async list(filter: RunFilter): Promise<{ items: SyncRunRow[]; nextCursor: string | null }> {
    const { deviceId, outcome, limit, cursor } = filter;
    const items = await this.runs.find({
      where: {
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(cursor === undefined ? {} : { id: LessThan(decodeCursor(cursor)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const last = items.length > limit ? items[limit - 1] : undefined;
    return { items: items.slice(0, limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  /** @throws {SyncRunNotFoundError} no run has this id */
  async get(id: string): Promise<SyncRunRow> {
    const run = await this.runs.findOne({ where: { id } });
    if (!run) throw new SyncRunNotFoundError(id);
    return run;
  }
}

/** How a run ended that threw this. */
export function outcomeOf(error: unknown): RunOutcome {
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'device/incomplete-read') return 'incomplete';
  return error.code === 'coordination/lease-busy' ? 'busy' : 'failed';
}
