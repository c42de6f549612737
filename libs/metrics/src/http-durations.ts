import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Histogram, Registry } from 'prom-client';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

/**
 * How long answers take, by the pattern of the route (`/api/devices/:id`) and the first digit of the status: a caller can
 * make no new series. Event streams are no answers of a duration, and are left out.
 */
@Injectable()
export class HttpDurations {
  readonly registry = new Registry();
  private readonly histogram = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [this.registry],
  });

  /** Express middleware; to stand before everything else. */
  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    const begunAtMs = performance.now();
    response.once('close', () => {
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
      const { path } = (request.route as { path?: unknown } | undefined) ?? {};
      const labels = {
        method: METHODS.has(request.method) ? request.method : 'other',
        route: typeof path === 'string' ? path : 'none',
        status: response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted',
      };
      this.histogram.observe(labels, (performance.now() - begunAtMs) / 1_000);
    });
    next();
  };
}
