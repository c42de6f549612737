import { type AppConfig } from '@app/config';

/** What Express's `trust proxy` is to be: whose `X-Forwarded-…` headers are believed. */
export function trustedProxies({ trustProxy }: AppConfig): false | number | string[] {
  if (trustProxy === 'off') return false;
  if (/^\d+$/.test(trustProxy)) return Number(trustProxy);
  return trustProxy.split(',').map((part) => part.trim());
}
