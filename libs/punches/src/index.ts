export {
  type ImportContext,
  type ImportTotals,
  type LoggedPunch,
  type PunchLog,
  type ReportedPunch,
} from './punch-log.js';
export { Punch, PUNCH_ENTITIES, type PunchPrecision, type PunchSource, PunchWatermark } from './punch.entity.js';
export { PunchesModule } from './punches.module.js';
export { type PunchFilter, type PunchPage } from './punches.repository.js';
export { PunchesService } from './punches.service.js';
