import { type MetricSample, MetricSource } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { type RunOutcome } from './sync-run.entity.js';

/** How the runs of this process ended since it began. */
@Injectable()
export class RunCounts extends MetricSource {
  private readonly runs = new Map<string, { readonly service: string; readonly outcome: RunOutcome; count: number }>();
  private punchesImported = 0;

  noteEnd(service: string, outcome: RunOutcome): void {
    const key = `${service} ${outcome}`;
    const counted = this.runs.get(key) ?? { service, outcome, count: 0 };
    counted.count += 1;
    this.runs.set(key, counted);
  }

  /** Told with the last statements of the transaction that stores them: one that fails to commit is counted all the same. */
  notePunches(imported: number): void {
    this.punchesImported += imported;
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    return [
      {
        name: 'holdfast_sync_runs_total',
        type: 'counter',
        help: 'Runs of this process that have ended, by how.',
        values: [...this.runs.values()].map(({ service, outcome, count }) => ({
          labels: { service, outcome },
          value: count,
        })),
      },
      {
        name: 'holdfast_punches_imported_total',
        type: 'counter',
        help: 'Punches that runs of this process stored and that were not known before.',
        values: [{ value: this.punchesImported }],
      },
    ];
  }
}
