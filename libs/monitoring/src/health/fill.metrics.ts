import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

interface FillFigure {
  readonly slug: string;
  readonly kind: string;
  readonly ratio: number;
}

/** Tells how full each terminal is. */
@Injectable()
export class FillMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const figures = await this.dataSource.query<FillFigure[]>(
      `select d.slug, fill.kind, fill.held::float / fill.capacity as ratio
         from devices d
         join lateral (select * from device_fill_levels where device_id = d.id order by day desc limit 1) level on true
        cross join lateral (values ('users', level.users, level.user_capacity),
                                   ('templates', level.templates, level.template_capacity),
                                   ('punches', level.punches, level.punch_capacity)) fill (kind, held, capacity)
        where d.enabled and fill.held is not null and fill.capacity > 0
        order by d.id`,
    );
    return [
      {
        name: 'holdfast_device_fill_ratio',
        type: 'gauge',
        help: 'How full the terminal was when it last told its counters; 1: full.',
        values: figures.map(({ slug: device, kind, ratio: value }) => ({ labels: { device, kind }, value })),
      },
    ];
  }
}
