export { type Claim, CONFLICT_ENTITIES, CONFLICT_TYPES, type ConflictType, UserConflict } from './conflict.entity.js';
export { ConflictDetection } from './conflict-detection.js';
export {
  AlreadyResolvedError,
  ChangedMeanwhileError,
  ConflictNotFoundError,
  EmptyValueError,
  NoAgreementError,
  PinUnknownError,
  StaleDecisionError,
  UserNotMappedError,
  VainChoiceError,
} from './conflict.errors.js';
export { type DetectionContext, type DetectionTotals } from './conflict.ledger.js';
export { ConflictDetectionModule, ConflictModule } from './conflict.module.js';
export { type ConflictFilter, type ConflictPage } from './conflict.repository.js';
export { ConflictResolutionService, type ResolutionRequest } from './conflict-resolution.service.js';
export { ConflictDetailView, conflictDetailView } from './dto/conflict-detail.view.js';
export { ConflictView, conflictView } from './dto/conflict.view.js';
export { type Finding } from './finding.js';
export { isSameName, type NameLimit, nameLimitOf } from './name-limit.js';
export { type Choices, differences, merge, SIDES, type Side, STRATEGIES, type Strategy } from './rules.js';
export {
  COMPARED_ATTRIBUTES,
  type ComparedAttribute,
  databaseVersionOf,
  deviceVersionOf,
  normalised,
  type UserVersion,
} from './user-version.js';
