export { COORDINATION_OPTIONS, type CoordinationOptions, STANDARD_COORDINATION } from './coordination-options.js';
export { Lease } from './lease.js';
export { LeaseBusyError, LeaseLostError } from './sync-coordinator.errors.js';
export { SYNC_COORDINATOR_ENTITIES, SyncLock } from './sync-lock.entity.js';
export { deviceLockKey, type LeaseRequest, type LockStatus, SyncCoordinator } from './sync-coordinator.js';
export { SyncCoordinatorModule } from './sync-coordinator.module.js';
export { type FreedLease } from './sync-lock.repository.js';
