import { AppConfig } from '@app/config';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboundHttp } from './channels/outbound-http.js';

/** Tells a service outside that this server works, so that somebody watches the watcher. */
@Injectable()
export class Heartbeat {
  private readonly logger = new Logger(Heartbeat.name);
  private failing = false;

  constructor(
    private readonly config: AppConfig,
    private readonly dataSource: DataSource,
    private readonly http: OutboundHttp,
  ) {}

  /** Called by the schedule: that schedules run is part of what it tells. Without a database it tells nothing. */
  async beat(signal: AbortSignal): Promise<void> {
    const { heartbeatUrl: url } = this.config;
    if (url === undefined) return;
    try {
      await this.dataSource.query('select 1');
      await this.http.send({ method: 'GET', url }, signal);
      if (this.failing) this.logger.log({ msg: 'the heartbeat is heard again' });
      this.failing = false;
    } catch (error) {
      if (signal.aborted) return;
      // Told once: whoever listens notices the silence anyway.
      if (!this.failing) this.logger.warn({ msg: 'the heartbeat is not heard', reason: (error as Error).message });
      this.failing = true;
    }
  }
}
