import { AppConfig } from '@app/config';
import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { CollectedSources } from './collected-sources.js';
import { HttpDurations } from './http-durations.js';
import { ProcessFigures } from './process-figures.js';

export const METRICS_PATH = '/metrics';
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** All figures of this process, in the text format of Prometheus. */
@Injectable()
export class MetricsPage {
  constructor(
    private readonly config: AppConfig,
    private readonly sources: CollectedSources,
    private readonly figures: ProcessFigures,
    private readonly durations: HttpDurations,
  ) {}

  async text(): Promise<string> {
    const registries = [...this.figures.registries(), this.durations.registry, await this.sources.collect()];
    return (await Promise.all(registries.map((registry) => registry.metrics()))).join('\n');
  }

  /**
   * Express middleware for `METRICS=loopback`: answers programs on this host that show no credential. Everybody else goes
   * on to the route, which asks for one.
   */
  readonly localReader = (request: Request, response: Response, next: NextFunction): void => {
    if (this.config.metrics !== 'loopback' || !isLocal(request)) {
      next();
      return;
    }
    this.text().then((text) => response.type(METRICS_TYPE).send(text), next);
  };
}

/** By the connection itself; what a proxy on this host passes on comes from elsewhere. */
function isLocal({ method, path, headers, socket }: Request): boolean {
  return (
    method === 'GET' &&
    path === METRICS_PATH &&
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    FORWARDED.every((header) => headers[header] === undefined)
  );
}
