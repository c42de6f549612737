import { DeviceError } from './device.errors.js';

export const DRIVERS = ['zk', 'node-zklib'] as const;
/** `zk` is ours; `node-zklib` is the npm package in a process of its own. */
export type DriverName = (typeof DRIVERS)[number];

export const TRANSPORTS = ['tcp', 'udp'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export const NAME_ENCODINGS = ['auto', 'utf-8', 'gbk', 'windows-1256', 'latin1'] as const;
/** How a terminal stores names; `auto` is UTF-8 where the bytes are that, else Latin-1. */
export type NameEncoding = (typeof NAME_ENCODINGS)[number];

/** How to reach a terminal, and who it must be. */
export interface DeviceTarget {
  readonly driver: DriverName;
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  /** 0: none */
  readonly commKey: number;
  readonly encoding: NameEncoding;
  /** Another serial number at this address fails the session. */
  readonly expectedSerialNumber?: string;
}

const STANDARD_PORT = 4370;

/**
 * Reads `host`, `host:port` or `[v6]:port`; the port is 4370 unless given.
 * @throws {DeviceError} `device/bad-address`
 */
export function parseDeviceAddress(text: string): { readonly host: string; readonly port: number } {
  const match =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)|([0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/.exec(
      text.trim(),
    );
  const host = match?.[1] ?? match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? STANDARD_PORT : Number(match[4]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new DeviceError(
      'device/bad-address',
      `"${text}" is no address; give a host name or IP address, with :port if it is not 4370`,
    );
  }
  return { host, port };
}
