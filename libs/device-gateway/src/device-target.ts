import { DeviceError } from './device.errors.js';

export const ADDRESS_DRIVERS = ['zk', 'node-zklib'] as const;
/** Drivers that call a terminal at its address: `zk` is ours; `node-zklib` is the npm package in a process of its own. */
export type AddressDriver = (typeof ADDRESS_DRIVERS)[number];

export const DRIVERS = [...ADDRESS_DRIVERS, 'aiface'] as const;
/** `aiface`: the terminal calls us, and keeps its connection. */
export type DriverName = (typeof DRIVERS)[number];

export const TRANSPORTS = ['tcp', 'udp'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export const NAME_ENCODINGS = ['auto', 'utf-8', 'gbk', 'windows-1256', 'latin1'] as const;
/** How a terminal stores names; `auto` is UTF-8 where the bytes are that, else Latin-1. */
export type NameEncoding = (typeof NAME_ENCODINGS)[number];

/** How to reach a terminal, and who it must be. */
export type DeviceTarget = AddressTarget | DialInTarget;

/** A terminal that answers at an address. */
export interface AddressTarget {
  readonly driver: AddressDriver;
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  /** 0: none */
  readonly commKey: number;
  readonly encoding: NameEncoding;
  /** Another serial number at this address fails the session. */
  readonly expectedSerialNumber?: string;
}

/** A terminal that dials in: reached through the connection that it holds, if it holds one. */
export interface DialInTarget {
  readonly driver: 'aiface';
  readonly serialNumber: string;
  /**
   * Whether a terminal that cannot count itself during a read may be believed for two equal lists and the counters of
   * its registration (aiface-protocol 8, no. 7).
   */
  readonly weakerProof: boolean;
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
