import { isEmail, isURL } from 'class-validator';
import { type ChannelKind } from '../notification.entities.js';
import { ChannelSettingsError } from '../notification.errors.js';

/** Where a channel leads; which of these it needs depends on its kind. */
export interface ChannelSettings {
  /** webhook, slack, ntfy (with its topic): `https://…` */
  readonly url?: string;
  /** telegram: the chat that the bot writes to. */
  readonly chat_id?: string;
  /** email */
  readonly host?: string;
  readonly port?: number;
  /** `tls`: from the first byte on. `starttls`: as soon as the server can. `none`: never. */
  readonly encryption?: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly from?: string;
  readonly to?: readonly string[];
}

const IS_URL = { protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true };

/** What each kind needs: settings, and whether there is a secret. The URL of Slack is its secret. */
const NEEDS: Readonly<
  Record<ChannelKind, { settings: readonly (keyof ChannelSettings)[]; secret: 'yes' | 'no' | 'maybe' }>
> = {
  log: { settings: [], secret: 'no' },
  email: { settings: ['host', 'from', 'to'], secret: 'maybe' },
  webhook: { settings: ['url'], secret: 'yes' },
  slack: { settings: [], secret: 'yes' },
  telegram: { settings: ['chat_id'], secret: 'yes' },
  ntfy: { settings: ['url'], secret: 'maybe' },
};

/** What a secret is, for people. */
export const SECRETS: Readonly<Record<ChannelKind, string>> = {
  log: 'none',
  email: 'the password of the SMTP account',
  webhook: 'the signing key of Standard Webhooks, whsec_…',
  slack: 'the URL of the incoming webhook',
  telegram: 'the token of the bot',
  ntfy: 'an access token, tk_…',
};

/**
 * Refuses what a channel of this kind cannot be reached with.
 * @throws {ChannelSettingsError} naming the setting and what is wrong with it
 */
export function requireSettings(kind: ChannelKind, settings: ChannelSettings, secret: string | undefined): void {
  const needs = NEEDS[kind];
  for (const name of needs.settings)
    if (settings[name] === undefined) throw new ChannelSettingsError(kind, `settings.${name} is missing`);
  if (needs.secret === 'yes' && !secret)
    throw new ChannelSettingsError(kind, `its secret is missing: ${SECRETS[kind]}`);
  if (needs.secret === 'no' && secret) throw new ChannelSettingsError(kind, 'it takes no secret');
  if (settings.url !== undefined && !isURL(settings.url, IS_URL))
    throw new ChannelSettingsError(kind, 'settings.url must be an http or https URL without a user in it');
  if (kind === 'slack' && secret && !isURL(secret, IS_URL))
    throw new ChannelSettingsError(kind, 'its secret must be the http or https URL of the incoming webhook');
  if (kind === 'webhook' && secret && !/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret))
    throw new ChannelSettingsError(kind, 'its secret must be whsec_ and 24 or more bytes in base64');
  if (kind === 'telegram' && secret && !/^\d+:[\w-]{20,}$/.test(secret))
    throw new ChannelSettingsError(kind, 'its secret must be the token of a bot, like 123456:ABC…');
  if (kind === 'email') requireMailAddresses(settings);
}

function requireMailAddresses({ from, to = [] }: ChannelSettings): void {
  for (const address of [from, ...to])
    if (address === undefined || !isEmail(address))
      throw new ChannelSettingsError('email', `"${address}" is no mail address`);
  if (to.length === 0) throw new ChannelSettingsError('email', 'settings.to needs one address at least');
}
