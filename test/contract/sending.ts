import { Agent, request } from 'node:http';
import { TEST_TOKEN } from '@test/support';

const AGENT = new Agent({ keepAlive: true, maxSockets: 8 });

/** Streams that end with the connection. */
const ENDLESS = /^\/api\/events([/?]|$)/;

/** A request as it goes over the wire: nothing is normalised or made sound on its way. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export const ADMINISTRATOR = { authorization: `Bearer ${TEST_TOKEN}` } as const;

/** Sends it and gives the whole answer; of an event stream, what came until it ended; of one without end, its beginning. */
export function send(port: number, { method, path, headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port, method, path, agent: AGENT, headers: { ...length, ...headers } };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      const answer = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        });
      response.on('end', answer);
      if (response.statusCode === 200 && ENDLESS.test(path)) {
        response.once('data', () => {
          answer();
          response.destroy();
        });
      }
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** As send, with a JSON body, and as the administrator; `text` is the body where it could not be written by JSON.stringify. */
export function sendJson(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  text = body === undefined ? undefined : JSON.stringify(body),
): Promise<Answer> {
  const headers: Record<string, string> = { ...ADMINISTRATOR };
  if (text !== undefined) headers['content-type'] = 'application/json';
  return send(port, { method, path, headers, body: text });
}

/** The code of a problem document; undefined: it is none. */
export function codeOfAnswer({ text }: Answer): string | undefined {
  try {
    return (JSON.parse(text) as { code?: string }).code;
  } catch {
    return undefined;
  }
}
