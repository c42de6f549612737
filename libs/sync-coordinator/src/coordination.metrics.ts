import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SyncCoordinator } from './sync-coordinator.js';

/** Who has to wait for whom: leases of the database, waits of this process. */
@Injectable()
export class CoordinationMetrics extends MetricSource {
  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const [{ held, takeovers }] = await this.dataSource.query<{ held: number; takeovers: string }[]>(
      `select count(*) filter (where expires_at >= clock_timestamp())::int as held, coalesce(sum(takeovers), 0) as takeovers
         from sync_locks`,
    );
    const { acquired, waited, waitedMs, gaveUp } = this.coordinator.waits;
    return [
      {
        name: 'holdfast_leases_held',
        type: 'gauge',
        help: 'Leases in force, of all servers.',
        values: [{ value: held }],
      },
      {
        name: 'holdfast_lease_takeovers_total',
        type: 'counter',
        help: 'Leases that were taken from a holder whose term had run out, of all servers.',
        values: [{ value: Number(takeovers) }],
      },
      {
        name: 'holdfast_lease_requests_total',
        type: 'counter',
        help: 'Leases that this process asked for: given at once, given after a wait, or not given.',
        values: [
          { labels: { outcome: 'at_once' }, value: acquired - waited },
          { labels: { outcome: 'waited' }, value: waited },
          { labels: { outcome: 'busy' }, value: gaveUp },
        ],
      },
      {
        name: 'holdfast_lease_wait_seconds_total',
        type: 'counter',
        help: 'Time that this process spent waiting for leases.',
        values: [{ value: waitedMs / 1_000 }],
      },
    ];
  }
}
