import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppConfig, LOOPBACK_NETWORKS } from '@app/config';
import { DeviceError } from './device.errors.js';
import { type AddressTarget } from './device-target.js';
import { isWithin, plainAddress } from './networks.js';

/** Gives every address of a host; an address is its own. */
export type HostResolver = (host: string) => Promise<readonly { readonly address: string }[]>;

/** What names are resolved with, so that a test can lie. */
export const HOST_RESOLVER = Symbol('HOST_RESOLVER');

export const systemResolver: HostResolver = (host) => lookup(host, { all: true, verbatim: true });

/** Where no terminal is, whatever the setting says: this host's own "any", link-local, multicast, reserved. */
const NEVER = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8'];

const CHECKED = Symbol('checked');

/** A target whose `host` is an address that may be called. Only DeviceNetworks makes one, and drivers take no other. */
export type CheckedTarget = AddressTarget & { readonly [CHECKED]: true };

/**
 * Which addresses the program may call as terminals. A name is resolved once, the address is looked at, and that very
 * address is called: a name server that answers differently a moment later gains nothing.
 */
export class DeviceNetworks {
  constructor(
    private readonly networks: readonly string[],
    private readonly resolve: HostResolver = systemResolver,
    private readonly database?: { readonly host: string; readonly port: number },
  ) {}

  /** As the settings say. */
  static of(config: AppConfig, resolve: HostResolver): DeviceNetworks {
    return new DeviceNetworks(config.deviceNetworkList(), resolve, databaseOf(config.databaseUrl));
  }

  /**
   * The target with its host resolved.
   * @throws {DeviceError} `device/unresolved`, or `device/address-not-allowed` with what is allowed
   */
  async check(target: AddressTarget): Promise<CheckedTarget> {
    const addresses = await this.addressesOf(target.host);
    for (const address of addresses) {
      if (this.allows(address) && !(await this.isDatabase(address, target.port)))
        return { ...target, host: address, [CHECKED]: true };
    }
    throw this.refusal(target, addresses);
  }

  private allows(address: string): boolean {
    return within(address, this.networks) && !within(address, NEVER);
  }

  /** A database on this host listens on every address of it. */
  private async isDatabase(address: string, port: number): Promise<boolean> {
    if (!this.database || port !== this.database.port) return false;
    const addresses = await this.addressesOf(this.database.host).catch(() => []);
    const isHere = within(address, LOOPBACK_NETWORKS);
    return addresses.some((known) => known === address || (isHere && within(known, LOOPBACK_NETWORKS)));
  }

  private async addressesOf(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [plainAddress(host)];
    try {
      const found = await this.resolve(host);
      if (found.length > 0) return found.map(({ address }) => plainAddress(address));
    } catch (cause) {
      throw unresolved(host, cause);
    }
    throw unresolved(host, undefined);
  }

  private refusal({ host, port }: AddressTarget, addresses: readonly string[]): DeviceError {
    const where = addresses.includes(host) ? host : `"${host}" (${addresses.join(', ')})`;
    const isDatabase = addresses.some((address) => this.allows(address));
    const why = isDatabase
      ? `${where} with port ${port} is the database`
      : `${where} is in none of the networks that terminals may be in: ${this.networks.join(', ') || 'none'}; if one is there, ` +
        'add its network to the setting DEVICE_NETWORKS (link-local, multicast and unspecified addresses are never called)';
    return new DeviceError('device/address-not-allowed', `No terminal is called there: ${why}`, {
      stage: 'resolve',
      details: { networks: [...this.networks] },
    });
  }
}

function within(address: string, networks: readonly string[]): boolean {
  return networks.some((network) => isWithin(address, network));
}

function unresolved(host: string, cause: unknown): DeviceError {
  const message = `There is no host called "${host}"; check the name or give its IP address`;
  return new DeviceError('device/unresolved', message, { cause, stage: 'resolve' });
}

/** Undefined: it is embedded, or reached by a socket file. */
function databaseOf(databaseUrl: string | undefined): { readonly host: string; readonly port: number } | undefined {
  if (databaseUrl === undefined) return undefined;
  const { hostname, port } = new URL(databaseUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === '' || host.startsWith('%2F') ? undefined : { host, port: port === '' ? 5432 : Number(port) };
}
