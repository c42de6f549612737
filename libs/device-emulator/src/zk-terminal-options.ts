import { type WallTime } from '@app/kernel';
import { type PunchRecordWidth, type UserRecordWidth } from '@app/zk-protocol';
import {
  type EmulatedOperation,
  type EmulatedPunch,
  type EmulatedTemplate,
  type EmulatedUser,
} from './emulated-people.js';
import { type ZkFaults } from './faults.js';

/** What an emulated terminal is; all of it has a faithful default. */
export interface ZkTerminalOptions {
  readonly host?: string;
  /** TCP and UDP share it; 0: any free one. */
  readonly port?: number;
  readonly transports?: readonly ('tcp' | 'udp')[];
  /** `single`: a second TCP client drops the first one, as most terminals do. */
  readonly connections?: 'single' | 'many';
  readonly serialNumber?: string;
  readonly deviceName?: string;
  readonly platform?: string;
  readonly firmware?: string;
  /** Further options, or other values. */
  readonly options?: Readonly<Record<string, string>>;
  /** 0: none */
  readonly commKey?: number;
  readonly recordWidth?: UserRecordWidth;
  readonly users?: readonly EmulatedUser[];
  readonly templates?: readonly EmulatedTemplate[];
  readonly punches?: readonly EmulatedPunch[];
  /** 40 or 16, as the user records suggest, unless given. */
  readonly punchWidth?: PunchRecordWidth;
  readonly operations?: readonly EmulatedOperation[];
  /** What the time is around it; in UTC unless given. */
  readonly clock?: () => WallTime;
  /** How far its own clock is ahead of that, and so the entries of its operation log; negative: behind. */
  readonly clockOffsetSeconds?: number;
  readonly userCapacity?: number;
  readonly templateCapacity?: number;
  /** The session id of every connection; unset: a new one each time. */
  readonly sessionId?: number;
  /** Data bytes of a DATA packet; 1008 on TCP and 1024 on UDP unless given. */
  readonly packetBytes?: number;
  /** Keeps the packets of an answer this far apart, for clients that take a segment for a packet. */
  readonly paceMs?: number;
  readonly faults?: ZkFaults;
  /** Whether its journal keeps every command that it was ever told; so unless given. */
  readonly keepsJournal?: boolean;
}

/** The options that a client may ask for, under the names that terminals use. */
export function optionTable(options: ZkTerminalOptions): Map<string, string> {
  const colour = (options.recordWidth ?? 72) === 72;
  return new Map(
    Object.entries({
      '~SerialNumber': options.serialNumber ?? 'EMULATED0001',
      '~DeviceName': options.deviceName ?? 'Emulated terminal',
      '~Platform': options.platform ?? (colour ? 'ZMM220_TFT' : 'ZEM500'),
      '~ZKFPVersion': '10',
      '~PIN2Width': '9',
      FaceFunOn: '0',
      FirmVer: options.firmware ?? 'Ver 6.60 Jun 16 2015',
      ...options.options,
    }),
  );
}
