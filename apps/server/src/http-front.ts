import { assignRequestId, RequestLimit } from '@app/http';
import { HttpDurations, MetricsPage } from '@app/metrics';
import { type NestApplicationOptions } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { mountDocumentation } from './documentation.js';

const BODY_LIMIT = '64kb';

/** How the application is made, so that what stands before its routes is put there by mountFront and in its order. */
export const FRONT_OPTIONS = { bodyParser: false, forceCloseConnections: true } satisfies NestApplicationOptions;

/** What every request passes before Nest looks at it; to be called before the application is initialised. */
export function mountFront(app: NestExpressApplication): void {
  app.use(app.get(HttpDurations, { strict: false }).middleware); // the whole time of a request is what its sender waits
  app.use(assignRequestId); // before the body is read, so that a body that cannot be read has an id too
  app.use(app.get(RequestLimit).middleware); // the same: what is refused need not be read
  app.use(app.get(MetricsPage, { strict: false }).localReader);
  app.useBodyParser('json', { limit: BODY_LIMIT });
  mountDocumentation(app);
}
