import { LoginService } from '@app/accounts';
import { CallerIdentity, credentialOf, SESSION_COOKIE, sessionCookieOptions } from '@app/auth';
import { callerAddress } from '@app/http';
import { AppError } from '@app/kernel';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { describeApi } from './openapi/describe-api.js';

export const DOCS_PATH = 'api/docs';
export const OPENAPI_PATH = 'api/openapi.json';

/** Describes the running API in OpenAPI, and mounts Swagger UI for whoever may use the API at all. */
export function mountDocumentation(app: NestExpressApplication): void {
  const door = new DocumentationDoor(app.get(CallerIdentity), app.get(LoginService));
  app.use([`/${DOCS_PATH}`, `/${OPENAPI_PATH}`], (request: Request, response: Response, next: NextFunction) => {
    door.admit(request, response).then((admitted) => (admitted ? next() : undefined), next);
  });
  const document = (): OpenAPIObject => describeApi(app);
  SwaggerModule.setup(DOCS_PATH, app, document, {
    jsonDocumentUrl: OPENAPI_PATH,
    raw: ['json'], // the YAML form would stand at a path of its own, outside of those that want a token
    customSiteTitle: 'Holdfast API',
  });
}

/**
 * A browser cannot send a bearer token for a page, so these two paths ask it for a name and a password: an account's, or
 * any name and a key. An account's begins a session, so that the password is checked once and not for each file.
 */
class DocumentationDoor {
  constructor(
    private readonly identity: CallerIdentity,
    private readonly logins: LoginService,
  ) {}

  /** Whether the request may go on; if not, it has been answered. */
  async admit(request: Request, response: Response): Promise<boolean> {
    const credential = credentialOf(request);
    if (credential && (await this.identity.identify(credential, request))) return true;
    const typed = typedIn(request);
    if (typed && (await this.isGood(typed, request, response))) return true;
    response
      .status(401)
      .setHeader('WWW-Authenticate', 'Basic realm="Holdfast", charset="UTF-8"')
      .type('text/plain')
      .send('Sign in with the name and the password of an account, or with any name and an API key as the password.\n');
    return false;
  }

  private async isGood({ name, password }: Typed, request: Request, response: Response): Promise<boolean> {
    if (await this.identity.identify({ kind: 'bearer', secret: password }, request)) return true;
    try {
      const { token, expiresAt } = await this.logins.login(name, password, callerAddress(request));
      response.cookie(SESSION_COOKIE, token, sessionCookieOptions(request, expiresAt));
      return true;
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unauthenticated') return false;
      throw error;
    }
  }
}

interface Typed {
  readonly name: string;
  readonly password: string;
}

/** What somebody typed into the browser's own window; undefined: nobody has, or it can be no name and password. */
function typedIn(request: Request): Typed | undefined {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(request.header('authorization') ?? '') ?? [];
  const [, name, password] = /^([^:]{0,256}):(.{1,1024})$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return name === undefined || `${name}${password}`.includes('\0') ? undefined : { name, password };
}
