import { ClockModule } from '@app/config';
import { MetricsModule } from '@app/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LIVE_EVENT_ENTITIES } from './live-event.entities.js';
import { LiveEventFeed } from './live-event.feed.js';
import { LiveEventMetrics } from './live-event.metrics.js';
import { LiveEventRepository } from './live-event.repository.js';
import { LiveEventsController } from './live-events.controller.js';
import { LIVE_EVENTS_OPTIONS, STANDARD_LIVE_EVENTS } from './live-events.options.js';
import { LiveEventsSchedule } from './live-events.schedule.js';
import { LiveEvents } from './live-events.service.js';

/** Tells callers what happens, as it happens; the triggers of the database write what is told. */
@Module({
  imports: [ClockModule, MetricsModule, TypeOrmModule.forFeature(LIVE_EVENT_ENTITIES)],
  controllers: [LiveEventsController],
  providers: [
    LiveEvents,
    LiveEventFeed,
    LiveEventRepository,
    LiveEventsSchedule,
    LiveEventMetrics,
    { provide: LIVE_EVENTS_OPTIONS, useValue: STANDARD_LIVE_EVENTS },
  ],
})
export class LiveEventsModule {}
