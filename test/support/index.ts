export {
  almostJson,
  anyText,
  BEYOND_JSON,
  codeOf,
  digits,
  enrollId,
  hear,
  hearKind,
  plainKey,
  SERIAL,
} from './aiface-messages.js';
export { aasFixture, anAasFolder, BUILT_AAS_WORKER } from './aas-files.js';
export { deviceContent, nameBytes } from './arbitraries.js';
export { aDevice, aMapping, aUser, deviceOf, targetOf } from './builders.js';
export { emptyTables, withoutTriggers, withTestLease } from './leases.js';
export { ManualClock } from './manual-clock.js';
export { openTestApp, QUICK_TIMEOUTS, TEST_TOKEN, type TestApp } from './test-app.js';
export { ALL_ENTITIES, createEmptyDatabase, createTestDatabase, type TestDatabase } from './test-database.js';
export { until } from './until.js';
export {
  aifaceRig,
  openListener,
  OpenHouse,
  type RigFault,
  type RigKind,
  RIGS,
  type SharedAttributes,
  sharedAttributesOf,
  type TerminalRig,
  zkRig,
} from './terminal-rigs.js';
export { ScriptedTerminal } from './scripted-terminal.js';
export {
  aScriptedUser,
  openWriterApp,
  RecordingObserver,
  type ScriptedUser,
  ScriptedWriterTerminal,
} from './scripted-writers.js';
export {
  type BufferedAttributes,
  dialInUrl,
  SYNCED_AIFACE,
  SYNCED_KINDS,
  SYNCED_ZK,
  type SyncedKind,
  type SyncedTerminal,
} from './synced-terminals.js';
export { type Disagreement, disagreement, disagreements, mapDisagreement } from './conflicts.js';
export {
  aifacePersonOf,
  aifaceWriterRig,
  type RigPerson,
  type WriteFault,
  type WriteOperation,
  WRITER_RIGS,
  type WriterRig,
  type WriterRigKind,
  zkWriterRig,
} from './writer-rigs.js';
export { RecordingNotifications } from './recording-notifications.js';
export { BATCH_KINDS, type BatchTerminal, type BatchTerminalKind } from './batch-terminals.js';
export { aBackupSource, aSnapshot } from './backup-sources.js';
