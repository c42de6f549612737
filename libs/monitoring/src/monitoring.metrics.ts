import { Clock } from '@app/kernel';
import { deviceGauge, type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LOSS_LEVELS } from './monitoring.entities.js';
import { UserPollSchedule } from './user-poll.schedule.js';

interface IncidentFigures {
  readonly level: string;
  readonly open: number;
  readonly missing: number;
}

interface DeviceFigures {
  readonly slug: string;
  readonly last_complete: number | null;
  readonly user_count: number | null;
  readonly failures: number;
  readonly incomplete_reads: number;
  readonly paused: boolean;
}

interface DetectionFigures {
  readonly last: number | null;
  readonly longest: number | null;
}

/** Tells how many users are missing without an explanation, and how long it took to notice. */
@Injectable()
export class MonitoringMetrics extends MetricSource {
  constructor(
    private readonly dataSource: DataSource,
    sources: MetricSources,
    private readonly schedule: UserPollSchedule,
    private readonly clock: Clock,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const open = await this.dataSource.query<IncidentFigures[]>(
      `select level, count(*)::int as open, sum(missing_users)::int as missing from incidents where state = 'open' group by level`,
    );
    // From the last read that showed everybody to the one that did not: the loss lies in between, so this is the most.
    const [detection] = await this.dataSource.query<DetectionFigures[]>(
      `select (array_agg(took order by id desc))[1] as last, max(took) as longest
         from (select id, extract(epoch from opened_at - last_complete_at)::float as took from incidents
                where opened_at > clock_timestamp() - interval '30 days') recent`,
    );
    const devices = await this.dataSource.query<DeviceFigures[]>(
      `select d.slug, extract(epoch from w.last_complete_at)::float as last_complete, w.user_count, w.failures, w.incomplete_reads,
              coalesce(w.paused_until > $1, false) as paused
         from devices d join device_watch w on w.device_id = d.id where d.enabled order by d.id`,
      [this.clock.now()],
    );
    const openAt = (level: string): number => open.find((each) => each.level === level)?.open ?? 0;
    return [
      ...deviceSamples(devices),
      {
        name: 'holdfast_incidents_open',
        type: 'gauge',
        help: 'Incidents in which users are missing from a terminal, by level.',
        values: LOSS_LEVELS.map((level) => ({ labels: { level }, value: openAt(level) })),
      },
      {
        name: 'holdfast_unexplained_disappearances',
        type: 'gauge',
        help: 'Users who are missing and neither returned nor were said to be gone on purpose.',
        values: [{ value: open.reduce((sum, { missing }) => sum + missing, 0) }],
      },
      {
        name: 'holdfast_polls_underway',
        type: 'gauge',
        help: 'Polls of this process that have begun and not ended.',
        values: [{ value: this.schedule.pollsUnderway }],
      },
      {
        name: 'holdfast_time_to_detect_seconds',
        type: 'gauge',
        help: 'Upper bound of the time from a disappearance to its detection, of the last 30 days.',
        values: [
          { labels: { of: 'last' }, value: detection?.last ?? 0 },
          { labels: { of: 'longest' }, value: detection?.longest ?? 0 },
        ],
      },
    ];
  }
}

function deviceSamples(devices: readonly DeviceFigures[]): MetricSample[] {
  return [
    deviceGauge(
      devices,
      'holdfast_device_last_complete_read_timestamp_seconds',
      'When a poll or a run last read all users of the terminal.',
      ({ last_complete: at }) => at,
    ),
    deviceGauge(devices, 'holdfast_device_users', 'Users at the last complete read.', ({ user_count: users }) => users),
    deviceGauge(devices, 'holdfast_device_up', '1: the last read of the terminal was complete.', (device) =>
      device.last_complete !== null && device.failures === 0 ? 1 : 0,
    ),
    deviceGauge(
      devices,
      'holdfast_device_paused',
      '1: the terminal is left alone after too many failures.',
      ({ paused }) => (paused ? 1 : 0),
    ),
    deviceGauge(
      devices,
      'holdfast_device_incomplete_reads',
      'Reads in a row that answered and could not be proven.',
      ({ incomplete_reads: reads }) => reads,
    ),
  ];
}
