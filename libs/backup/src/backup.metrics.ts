import { deviceGauge, type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

interface BackupFigures {
  readonly slug: string;
  readonly newest: number | null;
  readonly newest_users: number | null;
  readonly newest_good: number | null;
  readonly last_drill: number | null;
  readonly last_drill_failed: boolean | null;
  readonly failures: number;
}

/** Tells how much would be lost with each terminal, and whether its backups were ever tried out. */
@Injectable()
export class BackupMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const devices = await this.dataSource.query<BackupFigures[]>(
      `select d.slug, extract(epoch from newest.taken_at)::float as newest, newest.user_count as newest_users,
              extract(epoch from good.taken_at)::float as newest_good, extract(epoch from drilled.drilled_at)::float as last_drill,
              drilled.drill_result = 'failed' as last_drill_failed, coalesce(a.failures, 0) as failures
         from devices d
         left join backup_agenda a on a.device_id = d.id
         left join lateral (select b.taken_at, b.user_count from device_backups b where b.device_id = d.id and b.state = 'valid'
                             order by b.taken_at desc limit 1) newest on true
         left join lateral (select b.taken_at from device_backups b where b.device_id = d.id and b.state = 'valid'
                              and b.drill_result = 'good' order by b.taken_at desc limit 1) good on true
         left join lateral (select b.drilled_at, b.drill_result from device_backups b where b.device_id = d.id
                              and b.drilled_at is not null order by b.drilled_at desc limit 1) drilled on true
        where d.enabled order by d.id`,
    );
    const [{ invalid }] = await this.dataSource.query<[{ invalid: number }]>(
      `select count(*)::int as invalid from device_backups where state in ('invalid', 'missing')`,
    );
    return [
      deviceGauge(
        devices,
        'holdfast_device_backup_timestamp_seconds',
        'When the newest valid backup of this terminal was taken; Unix time. What was enrolled since would be lost. No series: never yet.',
        ({ newest }) => newest,
      ),
      deviceGauge(
        devices,
        'holdfast_device_backup_users',
        'Users in the newest valid backup of this terminal.',
        ({ newest_users: users }) => users,
      ),
      deviceGauge(
        devices,
        'holdfast_device_good_backup_timestamp_seconds',
        'When the newest backup of this terminal was taken that a drill found good; Unix time.',
        ({ newest_good: good }) => good,
      ),
      deviceGauge(
        devices,
        'holdfast_device_drill_timestamp_seconds',
        'When a backup of this terminal was last tried out; Unix time. No series: never yet.',
        ({ last_drill: at }) => at,
      ),
      deviceGauge(
        devices,
        'holdfast_device_drill_failed',
        '1: the last backup of this terminal that was tried out did not bring everybody back as they were.',
        ({ last_drill_failed: failed }) => (failed === null ? null : Number(failed)),
      ),
      deviceGauge(
        devices,
        'holdfast_device_backup_failures',
        'Attempts in a row that made no backup of this terminal.',
        ({ failures }) => failures,
      ),
      {
        name: 'holdfast_backups_unusable',
        type: 'gauge',
        help: 'Backups whose file is damaged, or not there any more.',
        values: [{ value: invalid }],
      },
    ];
  }
}
