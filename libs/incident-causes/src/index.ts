export { type Cause, CAUSES, type Confidence, type RankedCause } from './cause.js';
export {
  type DisappearanceEvidence,
  type ForeignChange,
  type LoggedOperation,
  type OwnWrite,
  type TerminalFacts,
  type UserTraits,
} from './evidence.js';
export { rankCauses } from './rank-causes.js';
