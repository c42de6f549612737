export { compareReads, type KnownUser, type ReadComparison } from './compare-reads.js';
export { ConfirmedUserRead, type LossScene, readConfirmed } from './confirmed-read.js';
export {
  type CurrentUserCount,
  DeviceUserMonitoringService,
  type MissingUsers,
} from './device-user-monitoring.service.js';
export { DeviceRoster } from './device-roster.js';
export { DeviceWatch, type WatchContext, type WatchFindings } from './device-watch.js';
export { IncidentDetailView, incidentDetailView, IncidentView, incidentView } from './dto/incident.view.js';
export { IncidentLedger } from './incident.ledger.js';
export { type IncidentDetail, type IncidentFilter, IncidentsService } from './incidents.service.js';
export { lossLevelOf } from './loss-level.js';
export {
  DeviceObservation,
  DeviceUserCount,
  DeviceUserStay,
  DeviceWatchState,
  Incident,
  INCIDENT_STATES,
  type IncidentKind,
  type IncidentState,
  IncidentUser,
  type IncidentUserState,
  LOSS_LEVELS,
  type LossLevel,
  MONITORING_ENTITIES,
  OBSERVATION_OUTCOMES,
  type ObservationOutcome,
  type StayEnd,
} from './monitoring.entities.js';
export {
  IncidentClosedError,
  IncidentNotFoundError,
  NotMissingError,
  HistoryRangeError,
  TerminalTrippedError,
} from './monitoring.errors.js';
export { DeviceWatchModule, MonitoringModule } from './monitoring.module.js';
export { MONITORING_OPTIONS, type MonitoringOptions } from './monitoring-options.js';
export { PollAgenda } from './poll-agenda.js';
export { type PollResult, UserPoll } from './user-poll.js';
export { UserPollSchedule } from './user-poll.schedule.js';
export { DeviceFillLevel, DeviceHealth, FillLevels } from './health/index.js';
export {
  type CountChange,
  type CountChanges,
  type CountRange,
  type CountRecord,
  DeviceUserPast,
  ObservationLog,
  type PastStay,
  type ReadsAround,
  UserCountHistory,
} from './history/index.js';
export { DeviceStatusView, deviceStatusView } from './dto/monitoring.view.js';
export { type DeviceStatus, HISTORY_BOUNDS, MonitoringStatusService } from './monitoring-status.service.js';
export { MonitoringUpkeepSchedule } from './monitoring-upkeep.schedule.js';
