import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

interface Counts {
  readonly open: number;
  readonly undetermined: number;
  readonly oldest_open_seconds: number;
}

/** Writes to terminals that somebody or something still has to settle. */
@Injectable()
export class DeviceWriteMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const [{ open, undetermined, oldest_open_seconds: oldest }] = await this.dataSource.query<Counts[]>(
      `select count(*) filter (where state = 'open')::int as open,
              count(*) filter (where state = 'undetermined')::int as undetermined,
              coalesce(extract(epoch from clock_timestamp() - min(opened_at) filter (where state = 'open')), 0)::float8
                as oldest_open_seconds
         from device_writes where state in ('open', 'undetermined')`,
    );
    return [
      {
        name: 'holdfast_device_writes_unsettled',
        type: 'gauge',
        help: 'Writes to terminals; open: it is not known yet what became of them; undetermined: somebody has to look.',
        values: [
          { labels: { state: 'open' }, value: open },
          { labels: { state: 'undetermined' }, value: undetermined },
        ],
      },
      {
        name: 'holdfast_device_write_oldest_open_seconds',
        type: 'gauge',
        help: 'How long the oldest open write has been open; 0: there is none.',
        values: [{ value: oldest }],
      },
    ];
  }
}
