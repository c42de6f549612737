import { AdminTokenService } from '@app/auth';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { describeApi } from './openapi/describe-api.js';

export const DOCS_PATH = 'api/docs';
export const OPENAPI_PATH = 'api/openapi.json';

/** Describes the running API in OpenAPI, and mounts Swagger UI for administrators. */
export function mountDocumentation(app: NestExpressApplication): void {
  const tokens = app.get(AdminTokenService);
  app.use([`/${DOCS_PATH}`, `/${OPENAPI_PATH}`], (request: Request, response: Response, next: NextFunction) => {
    admit(tokens, request, response, next).catch(next);
  });
  const document = (): OpenAPIObject => describeApi(app);
  SwaggerModule.setup(DOCS_PATH, app, document, {
    jsonDocumentUrl: OPENAPI_PATH,
    raw: ['json'], // the YAML form would stand at a path of its own, outside of those that want a token
    customSiteTitle: 'Holdfast API',
  });
}

/** A browser cannot send a bearer token for a page, so these two paths take the token as a password as well. */
async function admit(
  tokens: AdminTokenService,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const [scheme = '', credentials = ''] = (request.header('authorization') ?? '').split(' ');
  const token = scheme.toLowerCase() === 'basic' ? passwordOf(credentials) : credentials;
  if (token && (await tokens.authenticate(token))) {
    next();
    return;
  }
  response
    .status(401)
    .setHeader('WWW-Authenticate', 'Basic realm="Holdfast: any name, the administrator token as password"')
    .type('text/plain')
    .send('The API documentation needs the administrator token: any user name, the token as password.\n');
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}
