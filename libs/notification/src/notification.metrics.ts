import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Tells how long notices wait, and what became of them. */
@Injectable()
export class NotificationMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    // What is left for the end of quiet hours is not late.
    const [{ oldest }] = await this.dataSource.query<{ oldest: number | null }[]>(
      `select max(extract(epoch from clock_timestamp() - d.created_at))::float as oldest from notice_deliveries d
        where d.state = 'waiting' and (d.attempts > 0 or d.next_attempt_at <= clock_timestamp())`,
    );
    const outcomes = await this.dataSource.query<{ kind: string | null; state: string; count: number }[]>(
      `select c.kind, d.state, count(*)::int as count from notice_deliveries d
         left join notification_channels c on c.id = d.channel_id
        where d.state in ('sent', 'given_up') group by c.kind, d.state`,
    );
    return [
      {
        name: 'holdfast_notification_oldest_undelivered_seconds',
        type: 'gauge',
        help: 'How long the oldest notice that is due has waited to be delivered.',
        values: [{ value: Math.max(0, oldest ?? 0) }],
      },
      {
        name: 'holdfast_notification_deliveries_total',
        type: 'counter',
        help: 'Notices that were delivered, or given up, by kind of channel.',
        values: outcomes.map(({ kind, state, count }) => ({
          labels: { channel_type: kind ?? 'removed', outcome: state === 'sent' ? 'sent' : 'failed' },
          value: count,
        })),
      },
    ];
  }
}
