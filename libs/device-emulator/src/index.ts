export { CommandJournal, type JournalEntry } from './command-journal.js';
export { Happenings } from './happenings.js';
export {
  type EmulatedOperation,
  type EmulatedPunch,
  type EmulatedTemplate,
  type EmulatedUser,
} from './emulated-people.js';
export {
  type AnswerEffect,
  type AnswerFault,
  type CataloguedFault,
  faultCatalogue,
  type Habits,
  type Lies,
  PROTOCOL_STEPS,
  type ProtocolStep,
  WRITE_STEPS,
  type ZkFaults,
} from './faults.js';
export { type Loss, type Mishaps, type Replacement } from './mishaps.js';
export { inventPunches, inventTemplates, inventUsers, randomNumbers } from './invent-people.js';
export { type ZkTerminalOptions } from './zk-terminal-options.js';
export { ZkTerminal } from './zk-terminal.js';
export {
  AIFACE_STEPS,
  AIFACE_WRITE_STEPS,
  type AifaceEffect,
  aifaceFaultCatalogue,
  type AifaceFault,
  type AifaceFaults,
  type AifaceLies,
  type AifaceStep,
  type AifaceWriteStep,
  type CataloguedAifaceFault,
} from './aiface/aiface-faults.js';
export {
  aifacePunchOf,
  aifaceUserOf,
  type EmulatedAifacePunch,
  type EmulatedAifaceUser,
  inventAifaceUsers,
  inventFinger,
  inventPicture,
} from './aiface/aiface-people.js';
export { AIFACE_PROFILES, type AifaceProfile, type AifaceProfileName } from './aiface/aiface-profiles.js';
export { AifaceTerminal, type AifaceTerminalOptions } from './aiface/aiface-terminal.js';
export { MessageJournal } from './aiface/message-journal.js';
