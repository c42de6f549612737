import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { type Message } from '../delivery/message.js';
import { NotDeliveredError } from '../notification.errors.js';
import { type ChannelSettings } from './channel-settings.js';
import { OutboundNetworks } from './outbound-networks.js';

const TIMEOUT_MS = 10_000;
const PORTS = { tls: 465, starttls: 587, none: 25 } as const;

/** Sends a message as a mail of plain text. */
@Injectable()
export class MailSender {
  constructor(private readonly networks: OutboundNetworks) {}

  /** @throws {NotDeliveredError} the server did not take it for every address */
  async send(settings: ChannelSettings, password: string, message: Message): Promise<void> {
    const { host = '', encryption = 'starttls', user, from = '', to = [] } = settings;
    const transport = createTransport({
      host: await this.networks.addressOf(host),
      port: settings.port ?? PORTS[encryption],
      secure: encryption === 'tls',
      ignoreTLS: encryption === 'none',
      requireTLS: encryption === 'starttls',
      tls: { servername: host },
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      ...(user === undefined ? {} : { auth: { user, pass: password } }),
    });
    try {
      const { rejected } = await transport.sendMail({
        from,
        to: [...to],
        subject: message.subject,
        text: message.text,
        // The same at every attempt: mail servers and clients drop the second one.
        messageId: `<${message.id}@${from.split('@').at(-1)}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      if (rejected.length > 0)
        throw new NotDeliveredError(`the mail server refused ${rejected.length} of ${to.length} addresses`);
    } catch (error) {
      if (error instanceof NotDeliveredError) throw error;
      throw new NotDeliveredError(`${host}: ${reasonOf(error)}`, { cause: error });
    } finally {
      transport.close();
    }
  }
}

/** What the server answered, never what was sent to it. */
function reasonOf(error: unknown): string {
  const { code, responseCode, message } = error as { code?: string; responseCode?: number; message?: string };
  if (code === 'EAUTH') return `the mail server refused the user or the password (${responseCode ?? 'no code'})`;
  return message ?? String(error);
}
