export {
  BadSnapshotError,
  OutcomeUnknownError,
  UnknownFirmwareError,
  UnwritableValueError,
  UserChangedError,
  WriteRefusedError,
} from './device-writer.errors.js';
export { DeviceWriter, type PlanOptions, type UserChange } from './device-writer.js';
export { DeviceWriterModule } from './device-writer.module.js';
export { DeviceWriters, type OpenWriterOptions } from './device-writers.js';
export { type CredentialMark, digestOf, type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';
