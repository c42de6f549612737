import { Logger } from '@nestjs/common';
import pg from 'pg';

const CHANNEL = 'holdfast_live_events';
const REDIAL_MS = 2_000;
const CONNECT_MS = 5_000;

/**
 * The one connection of a process that hears when events are committed, on whichever server. It only saves waiting: who
 * uses it looks every few seconds anyway, so a lost connection loses nothing, and is made again.
 */
export class WakeUp {
  private readonly logger = new Logger(WakeUp.name);
  private client?: pg.Client;
  private redial?: NodeJS.Timeout;
  private closed = false;
  private complained = false;

  constructor(
    private readonly url: string,
    private readonly applicationName: string,
    private readonly onNews: () => void,
  ) {}

  /** Begins to listen; does not fail, and tries again until it is closed. */
  async open(): Promise<void> {
    if (this.closed) return;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: `${this.applicationName}-events`,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    this.client = client;
    client.on('notification', this.onNews);
    client.on('error', (error) => this.lose(client, error));
    client.on('end', () => this.lose(client, new Error('the connection ended')));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.complained = false;
      this.onNews(); // whatever was committed before
    } catch (error) {
      this.lose(client, error);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.redial);
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private lose(client: pg.Client, error: unknown): void {
    if (this.closed || this.client !== client) return;
    this.client = undefined;
    client.end().catch(() => undefined);
    if (!this.complained)
      this.logger.warn({
        msg: 'the connection that hears of live events was lost; polling until it is back',
        err: error,
      });
    this.complained = true;
    this.redial = setTimeout(() => void this.open(), REDIAL_MS);
    this.redial.unref();
  }
}
