import { DeviceUserPast } from './device-user-past.js';
import { ObservationLog } from './observation-log.js';
import { UserCountHistory } from './user-count-history.js';

export { DeviceUserPast, type PastStay, type ReadsAround } from './device-user-past.js';
export { type Observation, ObservationLog } from './observation-log.js';
export { condense, TIMELINE_OUTCOMES, timelineOf, type TimelineOutcome, type TimelinePiece } from './timeline.js';
export {
  type CountChange,
  type CountChanges,
  type CountRange,
  type CountRecord,
  UserCountHistory,
} from './user-count-history.js';

/** What keeps and tells the past of a terminal. */
export const HISTORY_PROVIDERS = [ObservationLog, UserCountHistory, DeviceUserPast];
