export {
  AlreadyUndoneError,
  DeletionBudgetError,
  DeletionForbiddenError,
  DeletionNotFoundError,
  DeletionReasonError,
} from './deletion.errors.js';
export { TerminalHeadcount } from './deletion-budget.js';
export { type Deletion, DeviceUserDeletions, type UndoneDeletion } from './device-user-deletions.service.js';
export {
  DeletedDeviceUser,
  DEVICE_WRITER_ENTITIES,
  DeviceWrite,
  type WriteKind,
  type WriteState,
} from './device-write.entity.js';
export { DeviceWriteService } from './device-write.service.js';
export {
  BadSnapshotError,
  DeviceUserAbsentError,
  DeviceUserPresentError,
  OutcomeUnknownError,
  StaleDeviceUserError,
  UnknownFirmwareError,
  UnknownPurposeError,
  UnwritableValueError,
  UserChangedError,
  WriteNotDoneError,
  WritePendingError,
  WriteRefusedError,
  WriteUndeterminedError,
  WriteUnsettledError,
} from './device-writer.errors.js';
export { DeviceWriter, type PlanOptions, type UserChange } from './device-writer.js';
export { DeviceWriterModule } from './device-writer.module.js';
export { DeviceWriters, type OpenWriterOptions } from './device-writers.js';
export { DeletionView, deletionView, UndoneDeletionView, undoneDeletionView } from './dto/deletion.view.js';
export { OpenWrites } from './open-writes.service.js';
export { type CredentialMark, digestOf, type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';
export { WriteCondition, WriteConditions } from './write-condition.js';
export { WriteConsequence, WriteConsequences } from './write-consequence.js';
export { type PastWrite, WriteHistory } from './write-history.js';
export { WRITE_STEPS, WriteObserver, type WriteStep } from './write-observer.js';
export { type FinishedWrite, type WriteImages, type WriteOrder, type WriteRequest } from './write-request.js';
export { STANDARD_WRITER_OPTIONS, WRITER_OPTIONS, type WriterOptions } from './writer-options.js';
