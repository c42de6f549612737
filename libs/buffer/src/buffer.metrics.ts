import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MAPPING_STATUSES, type MappingStatus } from './mapping-status.js';

/** How many device users are known, by status. */
@Injectable()
export class BufferMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const rows = await this.dataSource.query<{ status: MappingStatus; count: number }[]>(
      'select mapping_status as status, count(*)::int as count from device_user_buffer group by mapping_status',
    );
    const counts = new Map(rows.map(({ status, count }) => [status, count]));
    return [
      {
        name: 'holdfast_buffered_users',
        type: 'gauge',
        help: 'Device users in the buffer, by mapping status.',
        values: MAPPING_STATUSES.map((status) => ({ labels: { status }, value: counts.get(status) ?? 0 })),
      },
    ];
  }
}
