export {
  BACKUP_ENTITIES,
  BACKUP_STATES,
  BACKUP_TRIGGERS,
  type BackupState,
  type BackupTrigger,
  DeviceBackup,
  DeviceGuard,
  type DrillResult,
  Restore,
  type RestoreAction,
  RestoreItem,
  type RestoreItemState,
  type RestoreOrigin,
  type RestoreState,
} from './backup.entities.js';
export {
  BackupInvalidError,
  BackupKeyMissingError,
  BackupNotFoundError,
  BackupNotWrittenError,
  BackupSetupError,
} from './backup.errors.js';
export { type DrillNeeds, type DrillTerminal, DrillTerminals } from './drill-terminals.js';
export { type BackedUpUser, type BackupSource, type OpenedBackup, type WrittenBackup } from './files/backup-source.js';
export { BACKUP_FORMAT, type BackupHeader } from './format/backup-header.js';
export { BackupAgenda } from './backup-agenda.js';
export { BackupCatalogue } from './backup-catalogue.js';
export { BackupModule } from './backup.module.js';
export { BACKUP_OPTIONS, type BackupOptions } from './backup-options.js';
export { BackupRestoreService, type RestoreRequest } from './backup-restore.service.js';
export { BackupRun } from './backup-run.js';
export { BackupSchedule } from './backup.schedule.js';
export { BackupStatus } from './backup-status.js';
export { BackupUpkeep } from './backup-upkeep.js';
export { BackupUpkeepSchedule } from './backup-upkeep.schedule.js';
export { BackupView, backupView, verificationView } from './dto/backup.view.js';
export {
  holdingsView,
  planView,
  type RestoreResultView,
  type RestoreUserView,
  restoreUserView,
  type RestoreView,
  restoreView,
} from './dto/restore.view.js';
export { DeviceGuards, type GuardSettings } from './guard/device-guards.service.js';
export { GuardSchedule } from './guard/guard.schedule.js';
export { RestoreRepository } from './restore/restore.repository.js';
export { type RestoreProgress, RestoreRunner } from './restore/restore-runner.js';
export { Restores } from './restore/restores.service.js';
export { RestoresSchedule } from './restore/restores.schedule.js';
export { type AttributeChange, type BackupChanges, type CredentialName } from './past/backup-changes.js';
export { DevicePastModule } from './past/device-past.module.js';
export { DevicePastService, type PastUsers } from './past/device-past.service.js';
export { DevicePastDiffService, type PastDiff } from './past/device-past-diff.service.js';
export { type AttributeChangeView, PastDiffView, pastDiffView } from './past/dto/past-diff.view.js';
export { PastUsersView, type PastUserView, pastUsersView } from './past/dto/past-users.view.js';
export { type Certainty, type Moment, type PastUser } from './past/moment.js';
export { PastBackups } from './past/past-backups.js';
export {
  ErasedView,
  type ErasureDetailView,
  erasureDetailView,
  ErasureView,
  erasureView,
} from './erasure/dto/erasure.view.js';
export { Erasure, LIVE_STATES, type LiveState } from './erasure/erasure.entity.js';
export { ErasedError, ErasureNotFoundError, NobodyToEraseError } from './erasure/erasure.errors.js';
export { ErasureModule } from './erasure/erasure.module.js';
export { type ErasureRequest, Erasures } from './erasure/erasures.service.js';
export { type HeldBackups, HeldBackupsService } from './erasure/held-backups.js';
export { LiveErasure } from './erasure/live-erasure.js';
export { Suppressions } from './erasure/suppressions.js';
export { BackupFilesModule } from './files/backup-files.module.js';
export { BackupFolder } from './files/backup-folder.js';
export { BackupKeys, type KeyStatus, type NewKeys } from './files/backup-keys.js';
export { BACKUP_WRITE_STEPS, BackupWriteObserver, type BackupWriteStep } from './files/backup-write-observer.js';
export { BackupDrill, type DrillReport } from './drill/backup-drill.js';
export { BackupDrills, type DrilledBackup } from './drill/backup-drills.service.js';
export { NoDrillHereError, NothingToDrillError } from './drill/drill.errors.js';
export { DrillSchedule } from './drill/drill.schedule.js';
