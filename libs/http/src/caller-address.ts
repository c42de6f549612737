import { isIPv6 } from 'node:net';
import type { Request } from 'express';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Where a request came from, by `TRUST_PROXY`; an IPv4 address in IPv6 clothing is shown as what it is. */
export function callerAddress(request: Request): string {
  const address = request.ip ?? 'unknown';
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}

/**
 * Whom limits count as one: an IPv4 address, or the /64 of an IPv6 address, since one customer has all of it.
 * `2001:db8:0:1:…` becomes `2001:db8:0:1::/64`.
 */
export function addressGroup(address: string): string {
  const [bare] = address.split('%');
  if (!isIPv6(bare)) return address;
  const [head, tail] = bare.split('::').map((part) => part.split(':').filter(Boolean));
  const missing = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(missing, 0)).fill('0'), ...(tail ?? [])];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
