import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Injectable } from '@nestjs/common';
import { NotDeliveredError } from '../notification.errors.js';
import { OutboundNetworks } from './outbound-networks.js';

const TIMEOUT_MS = 10_000;
const MOST_REDIRECTS = 3;
/** Of an answer, for the delivery log. */
const MOST_ANSWER_BYTES = 2_048;

/** What is sent to a URL. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** Sends requests to where they may go; every redirect is looked at like the first address. */
@Injectable()
export class OutboundHttp {
  constructor(private readonly networks: OutboundNetworks) {}

  /** @throws {NotDeliveredError} unless the answer is 2xx */
  async send(request: OutboundRequest, signal: AbortSignal): Promise<void> {
    let url = new URL(request.url);
    for (let redirects = 0; ; redirects += 1) {
      const { status, location, text } = await this.ask(url, request, signal);
      if (status >= 200 && status < 300) return;
      if ((status !== 307 && status !== 308) || location === undefined)
        throw new NotDeliveredError(`${url.host} answered with ${status}${text === '' ? '' : `: ${text}`}`);
      if (redirects === MOST_REDIRECTS)
        throw new NotDeliveredError(`${url.host} redirects more than ${MOST_REDIRECTS} times`);
      const next = new URL(location, url);
      if (next.protocol !== 'http:' && next.protocol !== 'https:')
        throw new NotDeliveredError(`${url.host} redirects to ${next.protocol} instead of http or https`);
      // What was meant for one host, a signature or a token, is not told to another.
      if (next.host !== url.host)
        throw new NotDeliveredError(`${url.host} redirects to another host, ${next.host}; give that URL`);
      url = next;
    }
  }

  private async ask(url: URL, { method, headers, body }: OutboundRequest, signal: AbortSignal): Promise<Answer> {
    const address = await this.networks.addressOf(url.hostname);
    const [request, port] = url.protocol === 'https:' ? [requestHttps, 443] : [requestHttp, 80];
    const patience = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        const reason = patience.aborted && !signal.aborted ? `no answer within ${TIMEOUT_MS / 1_000} s` : error.message;
        reject(new NotDeliveredError(`${url.host}: ${reason}`, { cause: error }));
      };
      const sending = request(
        {
          host: address,
          servername: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port === '' ? port : Number(url.port),
          path: `${url.pathname}${url.search}`,
          method,
          headers: {
            host: url.host,
            'user-agent': 'holdfast',
            ...headers,
            'content-length': Buffer.byteLength(body ?? ''),
          },
          agent: false,
          signal: patience,
        },
        (answer) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          answer.on('data', (part: Buffer) => {
            if (bytes < MOST_ANSWER_BYTES) parts.push(part);
            bytes += part.length;
          });
          answer.on('error', failed);
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString('utf8').slice(0, MOST_ANSWER_BYTES).replace(/\s+/g, ' ').trim();
            resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, text: text.slice(0, 200) });
          });
        },
      );
      sending.on('error', failed);
      sending.end(body);
    });
  }
}
