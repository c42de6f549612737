import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { LiveEvents } from './live-events.service.js';

/** How many read along, and how that goes; of this process. */
@Injectable()
export class LiveEventMetrics extends MetricSource {
  constructor(
    private readonly events: LiveEvents,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const { openStreams, counts } = this.events;
    return [
      {
        name: 'holdfast_live_event_streams',
        type: 'gauge',
        help: 'Open streams of GET /api/events.',
        values: [{ value: openStreams }],
      },
      {
        name: 'holdfast_live_event_readers_dropped_total',
        type: 'counter',
        help: 'Readers of live events who took nothing for too long.',
        values: [{ value: counts.dropped }],
      },
      {
        name: 'holdfast_live_event_resets_total',
        type: 'counter',
        help: 'Readers of live events who were told to read anew.',
        values: [{ value: counts.resets }],
      },
    ];
  }
}
