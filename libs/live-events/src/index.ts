export { LIVE_EVENT_ENTITIES } from './live-event.entities.js';
export { LIVE_EVENT_TYPES, type LiveEventType } from './live-event.js';
export { LIVE_EVENTS_OPTIONS, type LiveEventsOptions, STANDARD_LIVE_EVENTS } from './live-events.options.js';
export { LiveEventsModule } from './live-events.module.js';
export { LiveEventsSchedule } from './live-events.schedule.js';
