export {
  type HandedOverPunch,
  type ImportContext,
  type ImportTotals,
  type LoggedPunch,
  type PunchLog,
  type ReportedPunch,
} from './punch-log.js';
export {
  HandedOverPunchRow,
  Punch,
  PUNCH_ENTITIES,
  type PunchLogPosition,
  type PunchPrecision,
  type PunchSource,
  PunchWatermark,
} from './punch.entity.js';
export { PunchesModule } from './punches.module.js';
export { type PunchFilter, type PunchPage } from './punches.repository.js';
export { PunchesService } from './punches.service.js';
