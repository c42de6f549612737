import { Command, decodeTime, decodeUserRecord, Reply, type ZkPacket } from '@app/zk-protocol';
import { type TerminalSession } from './terminal-session.js';
import { type TerminalState } from './terminal-state.js';

/** Operation codes of the terminal's own log. */
const USER_DELETED = 9;
const DATA_CLEARED = 13;

/**
 * What changes a terminal. It obeys like a real one, so that a client which sends a destroying command loses the data
 * and a test sees it. Undefined: not a write that this terminal knows.
 */
export function obeyWrite(session: TerminalSession, state: TerminalState, request: ZkPacket): ZkPacket[] | undefined {
  const { command, data } = request;
  const answer = (done: boolean): ZkPacket[] => [session.reply(request, done ? Reply.OK : Reply.ERROR)];
  switch (command) {
    case Command.USER_WRITE:
      return answer(writeUser(state, data));
    case Command.DELETE_USER:
      return answer(deleteUser(state, data.readUInt16LE(0)));
    case Command.DELETE_USERTEMP:
      return answer(state.templates.delete(`${data.readUInt16LE(0)}/${data.readUInt8(2)}`));
    case Command.DELETE_TEMPLATE_BY_USER_ID:
      return answer(deleteTemplateByUserId(state, data));
    case Command.PREPARE_DATA:
      session.uploads.length = 0;
      return answer(true);
    case Command.DATA:
      session.uploads.push(Buffer.from(data));
      return answer(true);
    case Command.TEMPLATE_WRITE:
      return answer(writeTemplate(state, Buffer.concat(session.uploads), data));
    case Command.SET_TIME: {
      const time = decodeTime(data.readUInt32LE(0));
      state.clock = () => time;
      return answer(true);
    }
    case Command.OPTIONS_WRITE:
      return answer(writeOption(state, data));
    case Command.CLEAR_DATA:
      return answer(clearData(state, data[0]));
    case Command.CLEAR_ATTLOG:
      state.punches.length = 0;
      return answer(true);
    case Command.CLEAR_OPLOG:
      state.operations.length = 0;
      return answer(true);
    case Command.CLEAR_ADMIN:
      for (const raw of state.records.values())
        state.putRecord(Buffer.concat([raw.subarray(0, 2), Buffer.from([0]), raw.subarray(3)]));
      return answer(true);
    case Command.REFRESH_DATA:
    case Command.REFRESH_OPTION:
    case Command.CLEAR_ACCESS:
      return answer(true);
    case Command.RESTART:
    case Command.POWER_OFF:
      return [];
    default:
      return undefined;
  }
}

/** Replaces by slot. Another width, a full terminal, or an ID that another slot holds is refused. */
function writeUser(state: TerminalState, data: Buffer): boolean {
  if (data.length !== state.recordWidth) return false;
  const { slot, userId } = decodeUserRecord(data, state.recordWidth);
  const holder = state.slotOf(userId);
  if (holder !== undefined && holder !== slot) return false;
  if (!state.records.has(slot) && state.records.size >= state.userCapacity) return false;
  state.putRecord(data);
  return true;
}

function deleteUser(state: TerminalState, slot: number): boolean {
  const removed = state.removeUser(slot);
  if (removed) state.logOperation(USER_DELETED, slot);
  return removed;
}

function deleteTemplateByUserId(state: TerminalState, data: Buffer): boolean {
  const [userId] = data.toString('latin1', 0, 24).split('\0');
  return state.templates.delete(`${state.slotOf(userId)}/${data.readUInt8(24)}`);
}

function writeTemplate(state: TerminalState, uploaded: Buffer, data: Buffer): boolean {
  const slot = data.readUInt16LE(0);
  if (!state.records.has(slot)) return false;
  const size = data.readUInt16LE(4);
  state.putTemplate({ slot, finger: data.readUInt8(2), flag: data.readUInt8(3), template: uploaded.subarray(0, size) });
  return true;
}

function writeOption(state: TerminalState, data: Buffer): boolean {
  const [name, value] = data.toString('latin1').replace(/\0.*$/s, '').split('=');
  if (value !== undefined) state.options.set(name, value);
  return value !== undefined;
}

/** Without a type: everything. 1 punches, 2 templates, 4 operation log, 5 users. */
function clearData(state: TerminalState, type: number | undefined): boolean {
  if (type === undefined || type === 5) state.clearUsers();
  if (type === undefined || type === 1) state.punches.length = 0;
  if (type === undefined || type === 2) state.templates.clear();
  if (type === 4) state.operations.length = 0;
  state.logOperation(DATA_CLEARED);
  return true;
}
