export { SnapshotSources } from './copy/snapshot-sources.js';
export { COPY_OPTIONS, type CopyOptions, STANDARD_COPY_OPTIONS, TerminalCopies } from './copy/terminal-copies.js';
export {
  AlreadyUndoneError,
  DeletionBudgetError,
  DeletionForbiddenError,
  DeletionNotFoundError,
  DeletionReasonError,
  SnapshotErasedError,
} from './deletion.errors.js';
export { withoutSecrets } from './strip-secrets.js';
export { TerminalHeadcount } from './deletion-budget.js';
export { DeletionPrecaution, DeletionPrecautions, type IntendedDeletion } from './deletion-precaution.js';
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
  TerminalChangedError,
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
export { describeSnapshot, type SnapshotDescription } from './describe-snapshot.js';
export { DeviceWriterModule } from './device-writer.module.js';
export { DeviceWriters, type OpenWriterOptions } from './device-writers.js';
export { DeletionView, deletionView, UndoneDeletionView, undoneDeletionView } from './dto/deletion.view.js';
export { OpenWrites } from './open-writes.service.js';
export { ERASED_SNAPSHOT, SnapshotErasure } from './snapshot-erasure.js';
export { type CredentialMark, digestOf, type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';
export {
  RESTORE_REFUSALS,
  type RestoreJudgement,
  type RestoreOrder,
  type RestoreOutcome,
  type RestoreRefusal,
} from './restore-judgement.js';
export { type ForecastFacts, type ForecastOptions, type HeldTraits, RestoreForecast } from './restore-forecast.js';
export { SnapshotDecoder } from './snapshot-decoder.js';
export { type BatchRead, type TerminalMark } from './terminal-mark.js';
export { type Room } from './terminal-room.js';
export { CompleteCopy, type CopyFacts, type CopyProgress, type SnapshotProtocol } from './terminal-copy.js';
export { DeviceWriteBatches, MOST_ORDERS, type RestoreBatchRequest } from './write-batch.service.js';
export { WriteCondition, WriteConditions } from './write-condition.js';
export { WriteConsequence, WriteConsequences } from './write-consequence.js';
export { type PastWrite, WriteHistory } from './write-history.js';
export { WRITE_STEPS, WriteObserver, type WriteStep } from './write-observer.js';
export { type FinishedWrite, type WriteImages, type WriteOrder, type WriteRequest } from './write-request.js';
export { STANDARD_WRITER_OPTIONS, WRITER_OPTIONS, type WriterOptions } from './writer-options.js';
