import { type DeviceUserId, formatWallTime, type WallTime } from '@app/kernel';
import { enrollIdForWire } from './enroll-id.js';
import { field, type Fields, textField } from './json.js';

/** What we may ask a terminal: reads of users, punches, counters and the clock. There is no encoder for anything else. */
export type ReadCommand =
  /** The next page; `stn` begins the list anew. */
  | { readonly cmd: 'getuserlist'; readonly stn: boolean }
  /** The form of dialect B; pages from 1. */
  | { readonly cmd: 'getuserlist'; readonly page: number; readonly pagesize: number }
  | { readonly cmd: 'getuserids' }
  | { readonly cmd: 'getuserinfo'; readonly enrollid: DeviceUserId; readonly backupnum?: number }
  | { readonly cmd: 'getusername'; readonly enrollid: DeviceUserId }
  | { readonly cmd: 'getdevcap' }
  | { readonly cmd: 'gettime' }
  /** Both days inclusive, `YYYY-MM-DD`. */
  | { readonly cmd: 'getalllog'; readonly stn: boolean; readonly from?: string; readonly to?: string };

/** Our answers to what a terminal sends of its own accord. */
export type Answer =
  /** `cloudtime` sets the terminal's clock: its local wall time, never UTC (aiface-protocol 9). */
  | { readonly ret: 'reg'; readonly result: true; readonly cloudtime: WallTime }
  | { readonly ret: 'reg'; readonly result: false; readonly reason: string }
  | {
      readonly ret: 'sendlog';
      readonly result: boolean;
      readonly count?: number;
      readonly logindex?: number;
    }
  | { readonly ret: 'senduser'; readonly result: boolean; readonly enrollid: DeviceUserId; readonly backupnum: number }
  | { readonly ret: string; readonly result: boolean; readonly access?: 0 };

/** Commands that change nothing, and that a read session may send. */
export const READ_COMMANDS = [
  'getuserlist',
  'getuserids',
  'getuserinfo',
  'getusername',
  'getdevcap',
  'gettime',
  'getalllog',
] as const;

/** Commands that set something for one user; which of them we send, and how, is in write-commands.ts. */
export const WRITE_COMMANDS = [
  'setuserinfo',
  'setusername',
  'enableuser',
  'setuserlock',
  'setuserprofile',
  'adduser',
  'canceladduser',
] as const;

/** Commands after which something is gone. */
export const DESTRUCTIVE_COMMANDS = [
  'deleteuser',
  'deleteuserface',
  'deleteuserlock',
  'cleanuser',
  'cleanuserlock',
  'cleanadmin',
  'cleanlog',
  'cleanlogphoto',
  'cleaninactiveuser',
  'cleandatebase',
  'initsys',
  'initmenu',
] as const;

const READS: ReadonlySet<string> = new Set(READ_COMMANDS);
/**
 * The allow-list of a read session (requirement 3.1): whether this message may leave the process. What is not named is
 * refused. An answer commands nothing; but only that to a registration may carry the time, since it sets the terminal's
 * clock, and none may open a door.
 */
export function isReadOrSessionMessage(message: Fields): boolean {
  const command = textField(message, 'cmd');
  const answered = textField(message, 'ret');
  if (command !== undefined) return answered === undefined && READS.has(command);
  if (answered === undefined) return false;
  const setsClock = field(message, 'cloudtime') !== undefined;
  const opensNoDoor = [undefined, 0].includes(field(message, 'access') as number | undefined);
  return (!setsClock || answered === 'reg') && opensNoDoor;
}

/** The text of a command. */
export function encodeReadCommand(command: ReadCommand): string {
  if (!('enrollid' in command)) return JSON.stringify(command);
  return JSON.stringify({ ...command, enrollid: enrollIdForWire(command.enrollid) });
}

/** The text of an answer, with what each kind needs besides: a terminal on old firmware misses none of it. */
export function encodeAnswer(answer: Answer): string {
  if ('cloudtime' in answer) {
    // The terminal is to hand over whoever enrols at it, hence no nosenduser (aiface-protocol 12, no. 6).
    return JSON.stringify({ ...answer, cloudtime: formatWallTime(answer.cloudtime), nosenduser: false });
  }
  if ('enrollid' in answer) return JSON.stringify({ ...answer, enrollid: enrollIdForWire(answer.enrollid) });
  return JSON.stringify(answer.ret === 'sendlog' && answer.result ? logAnswer(answer) : answer);
}

/** `mark` is wanted by newer firmware; firmware that numbers no batches gets none of it. */
function logAnswer(answer: Fields): Fields {
  return field(answer, 'logindex') === undefined ? answer : { ...answer, mark: true };
}
