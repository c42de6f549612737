import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppConfig } from '@app/config';
import { HOST_RESOLVER, type HostResolver, isWithin } from '@app/device-gateway';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotDeliveredError } from '../notification.errors.js';

/** Never called, whatever the setting says: "any", link-local with the metadata service of clouds, multicast, reserved. */
const NEVER = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128'];
/** Called only where the setting lists them; everything else is the internet. */
const INSIDE = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'];

/**
 * Where notifications may go. A name is resolved once, and that very address is called: a name server that answers
 * differently a moment later gains nothing.
 */
@Injectable()
export class OutboundNetworks {
  private readonly resolve: HostResolver;

  constructor(
    private readonly config: AppConfig,
    @Optional() @Inject(HOST_RESOLVER) resolve?: HostResolver,
  ) {
    this.resolve = resolve ?? ((host) => lookup(host, { all: true, verbatim: true }));
  }

  /** The address to call for a host. @throws {NotDeliveredError} there is none, or none that may be called */
  async addressOf(host: string): Promise<string> {
    const bare = host.replace(/^\[|\]$/g, '');
    const addresses = isIP(bare) ? [bare] : await this.resolved(bare);
    const allowed = addresses.find((address) => this.allows(address));
    if (allowed !== undefined) return allowed;
    throw new NotDeliveredError(
      `"${bare}" (${addresses.join(', ')}) may not be called; if it is a server of yours, add its network to the setting ` +
        'NOTIFY_NETWORKS (link-local, multicast and unspecified addresses are never called)',
    );
  }

  private allows(address: string): boolean {
    const within = (networks: readonly string[]): boolean => networks.some((network) => isWithin(address, network));
    if (within(NEVER)) return false;
    return !within(INSIDE) || within(this.config.notifyNetworkList());
  }

  private async resolved(host: string): Promise<string[]> {
    try {
      return (await this.resolve(host)).map(({ address }) => address);
    } catch (cause) {
      throw new NotDeliveredError(`there is no host called "${host}"`, { cause });
    }
  }
}
