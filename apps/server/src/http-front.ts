import { assignRequestId, RequestLimit } from '@app/http';
import { HttpDurations, MetricsPage } from '@app/metrics';
import { type NestApplicationOptions } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { mountDocumentation } from './documentation.js';

const BODY_LIMIT = '64kb';

/** How the application is made, so that what stands before its routes is put there by mountFront and in its order. */
export const FRONT_OPTIONS = { bodyParser: false, forceCloseConnections: true } satisfies NestApplicationOptions;

/** On a LAN without TLS, upgraded requests would never arrive, and HSTS would lock browsers out: both are the proxy's to say. */
const protectiveHeaders = helmet({
  contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null, 'frame-ancestors': "'none'" } },
  strictTransportSecurity: false,
});

/** Answers hold names, punches and tokens: nothing between here and the caller may keep them. */
function forbidStoring(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

/** What every request passes before Nest looks at it; to be called before the application is initialised. */
export function mountFront(app: NestExpressApplication): void {
  app.use(app.get(HttpDurations, { strict: false }).middleware); // the whole time of a request is what its sender waits
  app.use(protectiveHeaders, forbidStoring); // before anything can answer: refusals and the documentation have them too
  app.use(assignRequestId); // before the body is read, so that a body that cannot be read has an id too
  app.use(app.get(RequestLimit).middleware); // the same: what is refused need not be read
  app.use(app.get(MetricsPage, { strict: false }).localReader);
  app.useBodyParser('json', { limit: BODY_LIMIT });
  mountDocumentation(app);
}
