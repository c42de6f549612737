export { CommandJournal, type JournalEntry } from './command-journal.js';
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
  type ZkFaults,
} from './faults.js';
export { inventPunches, inventTemplates, inventUsers, randomNumbers } from './invent-people.js';
export { type ZkTerminalOptions } from './zk-terminal-options.js';
export { ZkTerminal } from './zk-terminal.js';
