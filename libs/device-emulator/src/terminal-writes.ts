import {
  Command,
  decodeTime,
  decodeUserRecord,
  decodeUserUpload,
  patchUserRecord,
  Reply,
  UPLOADED_FLAG,
  ZkOperation,
  type ZkPacket,
} from '@app/zk-protocol';
import { type Habits } from './faults.js';
import { type TerminalSession } from './terminal-session.js';
import { type TerminalState } from './terminal-state.js';

/**
 * What changes a terminal. It obeys like a real one, so that a client which sends a destroying command loses the data
 * and a test sees it. Undefined: not a write that this terminal knows.
 */
export function obeyWrite(
  session: TerminalSession,
  state: TerminalState,
  request: ZkPacket,
  habits: Habits = {},
): ZkPacket[] | undefined {
  const { command, data } = request;
  const answer = (done: boolean): ZkPacket[] => [session.reply(request, done ? Reply.OK : Reply.ERROR)];
  switch (command) {
    case Command.USER_WRITE:
      return answer(writeUser(state, data, habits));
    case Command.DELETE_USER:
      return answer(deleteUser(state, data.readUInt16LE(0)));
    case Command.DELETE_USERTEMP:
      return answer(state.removeTemplate(data.readUInt16LE(0), data.readUInt8(2)));
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
    case Command.SAVE_USERS_AND_TEMPLATES:
      return answer(saveUpload(state, Buffer.concat(session.uploads), habits));
    case Command.ENABLE_DEVICE:
    case Command.DISABLE_DEVICE:
      state.disabled = command === Command.DISABLE_DEVICE;
      return answer(true);
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
      state.save();
      return answer(true);
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
function writeUser(state: TerminalState, data: Buffer, habits: Habits): boolean {
  if (!canWriteUser(state, data)) return false;
  state.putRecord(asStored(data, habits));
  return true;
}

function canWriteUser(state: TerminalState, data: Buffer): boolean {
  if (data.length !== state.recordWidth) return false;
  const { slot, userId } = decodeUserRecord(data, state.recordWidth);
  const holder = state.slotOf(userId);
  if (holder !== undefined && holder !== slot) return false;
  return state.records.has(slot) || state.records.size < state.userCapacity;
}

/** Some terminals cut names without a word. */
function asStored(record: Buffer, { storedNameBytes }: Habits): Buffer {
  if (storedNameBytes === undefined) return record;
  const { name } = decodeUserRecord(record, record.length === 72 ? 72 : 28);
  return patchUserRecord(record, { name: Buffer.from(name.subarray(0, storedNameBytes)) });
}

/** A user with all templates out of the upload buffer: everything of it, or nothing. */
function saveUpload(state: TerminalState, uploaded: Buffer, habits: Habits): boolean {
  const { record, templates } = decodeUserUpload(uploaded);
  const added = templates.filter(({ slot, finger }) => !state.templates.has(`${slot}/${finger}`)).length;
  if (!canWriteUser(state, record) || state.templates.size + added > state.templateCapacity) return false;
  state.putRecord(asStored(record, habits));
  for (const { slot, finger, template } of templates) {
    state.putTemplate({ slot, finger, flag: UPLOADED_FLAG, template: Buffer.from(template) });
  }
  return true;
}

function deleteUser(state: TerminalState, slot: number): boolean {
  const removed = state.removeUser(slot);
  if (removed) state.logOperation(ZkOperation.USER_DELETED, slot);
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
  const finger = data.readUInt8(2);
  const taken = state.templates.has(`${slot}/${finger}`);
  if (uploaded.length !== size || taken || state.templates.size >= state.templateCapacity) return false;
  state.putTemplate({ slot, finger, flag: data.readUInt8(3), template: Buffer.from(uploaded) });
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
  if (type === undefined || type === 2) state.clearTemplates();
  if (type === 4) state.operations.length = 0;
  state.logOperation(ZkOperation.DATA_CLEARED);
  return true;
}
