export { MachineSyncService, type MachineSyncTotals } from './machine-sync.service.js';
export { PopulateBuffer, type PopulatedDevice, type PopulateTotals } from './populate-buffer.js';
export { type FinishedRun, type RunProgress, type RunRequest, SyncRun } from './sync-run.js';
export { SyncFailedError } from './sync-services.errors.js';
export { SYNC_RUN_ENTITIES, SyncRunRow } from './sync-run.entity.js';
export { SyncRunJournal } from './sync-run.journal.js';
export { SyncServicesModule } from './sync-services.module.js';
export { SyncRunView, syncRunView } from './dto/sync-run.view.js';
