export { BadSnapshotError, UnwritableValueError } from './device-writer.errors.js';
export { DeviceWriter, type PlanOptions, type UserChange } from './device-writer.js';
export { type CredentialMark, digestOf, type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';
