import { decodeBufferedRead, OPERATIONS_READ, PUNCHES_READ, TEMPLATES_READ, USERS_READ } from './buffered-read.js';
import { Command, Reply } from './commands.js';

const SESSION_AND_READ: ReadonlySet<number> = new Set([
  Command.CONNECT,
  Command.EXIT,
  Command.AUTH,
  Command.FREE_DATA,
  Command.READ_CHUNK,
  Command.OPTIONS_READ,
  Command.FREE_SIZES,
  Command.GET_TIME,
  Command.VERSION,
  Command.STATE_READ,
  Command.PIN_WIDTH,
]);
const BUFFERED = [USERS_READ, TEMPLATES_READ, PUNCHES_READ, OPERATIONS_READ];
const ALL_USERS = 5;
const ALL_TEMPLATES = 2;
const EVENT_MASK_BYTES = 4;

/**
 * The allow-list of a read session (requirement 3.1): whether this command, with these data, may leave the process.
 * What is not named is refused; that includes ENABLE and DISABLE, since a terminal is never locked for a read, and any
 * inner command of 1503 that is not one of the four reads, with exactly its data.
 */
export function isReadOrSessionCommand(command: number, data: Buffer): boolean {
  if (SESSION_AND_READ.has(command)) return true;
  if (command === Command.BUFFERED_READ) {
    const request = decodeBufferedRead(data);
    return BUFFERED.some(({ inner, dataType }) => request?.inner === inner && request.dataType === dataType);
  }
  if (command === Command.USERTEMP_READ) return data.length === 1 && data[0] === ALL_USERS;
  if (command === Command.REG_EVENT) return data.length === EVENT_MASK_BYTES;
  if (command === Reply.OK) return data.length === 0; // acknowledges an event
  return (command === Command.ATTLOG_READ || command === Command.OPLOG_READ) && data.length === 0;
}

/**
 * The reads of a session that copies everything of everybody: those of any session without its events, and the templates in
 * the old direct form.
 */
export function isReadOfCredentialSession(command: number, data: Buffer): boolean {
  if (command === Command.REG_EVENT || command === Reply.OK) return false;
  if (command === Command.DB_READ) return data.length === 1 && data[0] === ALL_TEMPLATES;
  return isReadOrSessionCommand(command, data);
}

/** The reads of a write session: the same, and ENABLE, which undoes the DISABLE of a write and locks nobody out. */
export function isReadOfWriteSession(command: number, data: Buffer): boolean {
  if (command === Command.ENABLE_DEVICE) return data.length === 0;
  return isReadOfCredentialSession(command, data);
}
