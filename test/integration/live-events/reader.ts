import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { TEST_TOKEN, type TestApp, until } from '@test/support';

export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A client of GET /api/events that reads as the standard says. */
export class EventReader {
  readonly events: SeenEvent[] = [];
  status = 0;
  /** What stands in Last-Event-ID when it comes back. */
  lastEventId?: string;
  comments = 0;
  ended = false;
  response?: IncomingMessage;
  private rest = '';

  private constructor(private readonly sent: ClientRequest) {}

  /** Asks and waits for the first event, or for an answer that is no stream. */
  static async open(
    app: TestApp,
    { query = '', lastEventId, token = TEST_TOKEN }: { query?: string; lastEventId?: string; token?: string } = {},
  ): Promise<EventReader> {
    const { port } = app.app.getHttpServer().address() as AddressInfo;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
    const reader = new EventReader(
      request({ host: '127.0.0.1', port, path: `/api/events${query}`, headers, agent: false }),
    );
    reader.lastEventId = lastEventId;
    reader.sent.on('response', (response) => reader.take(response)).on('error', () => (reader.ended = true));
    reader.sent.end();
    await until(() => reader.status > 0);
    if (reader.status === 200 && lastEventId === undefined) await until(() => reader.events.length > 0);
    return reader;
  }

  /** Those of the types that tell what happened. */
  get news(): SeenEvent[] {
    return this.events.filter(({ type }) => type !== 'ready' && type !== 'reset');
  }

  close(): void {
    this.sent.destroy();
  }

  private take(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0;
    this.response = response;
    response.setEncoding('utf8');
    const end = (): void => void (this.ended = true);
    response
      .on('data', (text: string) => this.parse(text))
      .on('close', end)
      .on('error', end);
  }

  private parse(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      if (fields.has('')) this.comments += 1;
      this.lastEventId = fields.get('id') ?? this.lastEventId;
      const data = fields.get('data');
      if (data === undefined) continue;
      const type = fields.get('event') ?? 'message';
      this.events.push({ id: fields.get('id') ?? '', type, data: JSON.parse(data) as SeenEvent['data'] });
    }
  }
}
