export { AppError, type ErrorKind } from './app-error.js';
export { type Actor, administrator, includesRole, type Role, ROLES, systemActor } from './actor.js';
export { BackgroundWork } from './background-work.js';
export { Clock, SystemClock, AbortedError } from './clock.js';
export { canonicalDeviceUserId, compareDeviceUserIds, type DeviceUserId, isPrintableUserId } from './device-user-id.js';
export { PERSON_TYPES, type PersonRef, type PersonType } from './person-ref.js';
export { RetrySchedule } from './retry-schedule.js';
export { type Slot, slot } from './slot.js';
export {
  formatWallTime,
  parseWallTime,
  type WallTime,
  wallTimeFromDate,
  wallTimeInZone,
  wallTimeToDate,
  wallTimeToInstant,
} from './wall-time.js';
