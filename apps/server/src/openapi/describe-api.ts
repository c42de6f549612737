import { ProblemDocument } from '@app/http';
import { readProgram } from '@app/program';
import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeProblems, type Operation } from './problem-responses.js';
import { closeObjects, exampleFor, type Schema, schemasOf } from './schemas.js';
import { API_TAGS } from './tags.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const CHANGING: readonly string[] = ['post', 'put', 'patch', 'delete'];
const DESCRIPTION =
  'Keeps the users of biometric attendance terminals safe. Names are in snake_case; row numbers are decimal texts; instants ' +
  'are RFC 3339 in UTC. Errors are RFC 9457 problem documents with a stable `code` (docs/errors.md). Lists are paged by ' +
  'cursor. A changing request may carry an `Idempotency-Key`, and is then done once however often it is sent (docs/api.md).';

/** The whole API as OpenAPI 3.1, out of the running program's own routes and types. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, basics(), { operationIdFactory, extraModels: [ProblemDocument] });
  const schemas = schemasOf(document);
  for (const schema of Object.values(schemas)) closeObjects(schema);
  document.components!.headers = SHARED_HEADERS;
  document.components!.parameters = { IdempotencyKey: IDEMPOTENCY_KEY } as never;
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) if (path[method]) finish(document, path[method], CHANGING.includes(method));
  }
  const used = new Set(operationsOf(document).flatMap(({ tags = [] }) => tags));
  document.tags = Object.entries(API_TAGS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
  return document;
}

/** Every operation of a document. */
export function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []));
}

/** The committed form of a document: keys in order, so that two of the same API are the same text. */
export function printDocument(document: OpenAPIObject): string {
  return `${JSON.stringify(inOrder(document), undefined, 2)}\n`;
}

function basics(): Omit<OpenAPIObject, 'paths'> {
  const { version, license } = readProgram();
  const basics = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Holdfast')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token, sent as `Authorization: Bearer <token>`.' })
    .build();
  (basics.info as { license: object }).license = { name: license, identifier: license };
  return basics;
}

/** `DevicesController.list` is `devices.list`. */
function operationIdFactory(controller: string, method: string): string {
  const subject = controller.replace(/Controller$/, '');
  return `${subject.charAt(0).toLowerCase()}${subject.slice(1)}.${method}`;
}

function finish(document: OpenAPIObject, operation: Operation, changing: boolean): void {
  const guarded = (operation.security ?? []).length > 0;
  operation.security ??= [];
  describeProblems(document, operation, { guarded, changing });
  if (guarded && changing) {
    operation.parameters = [...(operation.parameters ?? []), { $ref: '#/components/parameters/IdempotencyKey' }];
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (Number(status) >= 400 || !response || '$ref' in response) continue;
    response.description ||= status === '204' ? 'Done.' : 'The answer.';
    if (guarded && changing) {
      response.headers = { ...response.headers, 'Idempotency-Replayed': { $ref: REPLAYED } as never };
    }
    const json = response.content?.['application/json'];
    if (json?.schema) closeObjects(json.schema as Schema);
    if (json?.schema && !json.example && !json.examples) {
      json.example = exampleFor(json.schema as Schema, schemasOf(document));
    }
  }
}

const REPLAYED = '#/components/headers/IdempotencyReplayed';

const SHARED_HEADERS = {
  RetryAfter: { description: 'Seconds after which it makes sense to try again.', schema: { type: 'integer' } },
  IdempotencyReplayed: {
    description: '`true`: the request was done before, and this is the answer that it got then.',
    schema: { type: 'string', const: 'true' },
  },
} as never;

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A key of your own making for this one request, best a UUID. Sent again with the same key within 24 hours, the request ' +
    'is not done again, and is answered as it was.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
  example: '0b6d3b0e-4c1e-4f0b-9b5c-2a6f8d1c9e77',
};

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]));
}
