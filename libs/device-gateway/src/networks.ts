import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

const SITE_BITS = { v4: 24, v6: 64 } as const;

/** The network that the terminals of a site are usually in, around one of their addresses: `192.168.1.0/24`. */
export function siteNetworkOf(address: string): string {
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/${SITE_BITS.v4}`;
  return `${address}/${SITE_BITS.v6}`;
}

/** Whether a text is an address with a prefix length, such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const { address, bits } = partsOf(text);
  return isIP(address) !== 0 && bits >= 0 && bits <= (isIPv4(address) ? 32 : 128);
}

/** Whether an address lies in a network. @param network as isNetwork accepts it */
export function isWithin(address: string, network: string): boolean {
  const { address: base, bits } = partsOf(network);
  const family = isIPv6(base) ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || isIPv6(address) !== isIPv6(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, bits, family);
  return list.check(address, family);
}

/** An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`), as the IPv4 address that it is; others as they are. */
export function plainAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const [, dotted, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(shortened(address)) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined) return address;
  const bits = (parseInt(high, 16) << 16) | parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** The one way to write an IPv6 address: `0:0:0:0:0:ffff:a00:1` is `::ffff:a00:1`. */
function shortened(address: string): string {
  const [bare] = address.split('%');
  return new URL(`http://[${bare}]/`).hostname.slice(1, -1);
}

function partsOf(text: string): { readonly address: string; readonly bits: number } {
  const match = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text.trim());
  return { address: match?.[1] ?? '', bits: match ? Number(match[2]) : -1 };
}
