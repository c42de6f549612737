import { SecretVault } from '@app/devices';
import { Injectable, Logger } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { type Message } from '../delivery/message.js';
import { type ChannelKind, type NotificationChannel } from '../notification.entities.js';
import { type ChannelSettings } from './channel-settings.js';
import { MailSender } from './mail-sender.js';
import { OutboundHttp, type OutboundRequest } from './outbound-http.js';

/** Telegram takes no more in one message. */
const TELEGRAM_CHARACTERS = 4_000;
const NTFY_BYTES = 3_900;
const NTFY_PRIORITIES = { info: '2', notice: '3', warning: '4', critical: '5' } as const;

/** A channel with its secret opened. */
interface OpenChannel {
  readonly settings: ChannelSettings;
  readonly secret: string;
}

type Write = (message: Message, channel: OpenChannel) => OutboundRequest;

/** How a message looks as a request, for each kind that is reached by one. */
const WRITERS: Readonly<Record<Exclude<ChannelKind, 'log' | 'email'>, Write>> = {
  webhook: (message, { settings, secret }) => {
    const body = JSON.stringify({
      type: 'holdfast.notices',
      timestamp: new Date().toISOString(),
      data: { severity: message.severity, subject: message.subject, notices: message.notices },
    });
    const now = new Date();
    return {
      method: 'POST',
      url: settings.url ?? '',
      headers: {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(message.id, now, body),
      },
      body,
    };
  },
  slack: (message, { secret }) => ({
    method: 'POST',
    url: secret,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: `*${slackText(message.subject)}*\n${slackText(message.text)}` }),
  }),
  telegram: (message, { settings, secret }) => ({
    method: 'POST',
    url: `${settings.url ?? 'https://api.telegram.org'}/bot${secret}/sendMessage`,
    headers: { 'content-type': 'application/json' },
    // Plain text: no name can be markup.
    body: JSON.stringify({
      chat_id: settings.chat_id,
      text: shortened(`${message.subject}\n\n${message.text}`, TELEGRAM_CHARACTERS),
      link_preview_options: { is_disabled: true },
    }),
  }),
  ntfy: (message, { settings, secret }) => ({
    method: 'POST',
    url: settings.url ?? '',
    headers: {
      title: encodedWord(message.subject),
      priority: NTFY_PRIORITIES[message.severity],
      'content-type': 'text/plain; charset=utf-8',
      ...(secret === '' ? {} : { authorization: `Bearer ${secret}` }),
    },
    body: shortened(message.text, NTFY_BYTES),
  }),
};

/** Hands messages to channels, each kind in its way. */
@Injectable()
export class ChannelSenders {
  private readonly logger = new Logger('Notification');

  constructor(
    private readonly vault: SecretVault,
    private readonly http: OutboundHttp,
    private readonly mail: MailSender,
  ) {}

  /** @throws {NotDeliveredError} it was not taken; no secret is in the reason */
  async send(channel: NotificationChannel, message: Message, signal: AbortSignal): Promise<void> {
    const { kind, settings } = channel;
    if (kind === 'log') {
      this.log(message);
      return;
    }
    const secret = channel.secretSealed === null ? '' : await this.vault.open(channel.secretSealed);
    if (kind === 'email') await this.mail.send(settings, secret, message);
    else await this.http.send(WRITERS[kind](message, { settings, secret }), signal);
  }

  private log({ severity, subject, notices }: Message): void {
    const facts = { msg: subject, severity, subjects: notices.map((notice) => notice.subject) };
    if (severity === 'critical') this.logger.error(facts);
    else if (severity === 'warning') this.logger.warn(facts);
    else this.logger.log(facts);
  }
}

/** Slack reads `<`, `>` and `&`, and nothing else, as its own. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A header holds ASCII; ntfy understands RFC 2047. */
function encodedWord(text: string): string {
  return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function shortened(text: string, most: number): string {
  if (text.length <= most && Buffer.byteLength(text) <= most) return text;
  let kept = [...text];
  while (Buffer.byteLength(kept.join('')) > most - 4) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  return `${kept.join('')} …`;
}
