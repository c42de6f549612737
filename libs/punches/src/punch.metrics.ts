import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Punches that are kept safe and are not what they should be yet. */
@Injectable()
export class PunchMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const [{ awaiting, oldest, no_instant: noInstant }] = await this.dataSource.query<
      { awaiting: number; oldest: number; no_instant: number }[]
    >(
      `select count(*)::int as awaiting, coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as oldest,
              (select count(*)::int from punches where instant is null) as no_instant
         from handed_over_punches`,
    );
    return [
      {
        name: 'holdfast_punches_quarantined',
        type: 'gauge',
        help: 'Punches set apart; awaiting_run: handed over by a terminal and not taken by a run yet; no_instant: on a day of no calendar.',
        values: [
          { labels: { reason: 'awaiting_run' }, value: awaiting },
          { labels: { reason: 'no_instant' }, value: noInstant },
        ],
      },
      {
        name: 'holdfast_punch_oldest_awaiting_run_seconds',
        type: 'gauge',
        help: 'How long the oldest punch that a terminal handed over has waited for a run; 0: there is none.',
        values: [{ value: oldest }],
      },
    ];
  }
}
