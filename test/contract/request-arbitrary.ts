import { type OpenAPIObject } from '@nestjs/swagger';
import fc from 'fast-check';
import { type Schema, schemasOf } from '../../apps/server/src/openapi/schemas.js';
import { almost, hostile, sound } from './json-arbitraries.js';
import { ADMINISTRATOR, type Sent } from './sending.js';

/** An operation as the document describes it. */
export interface Described {
  readonly operationId: string;
  readonly method: string;
  /** `/api/devices/{id}` */
  readonly path: string;
  readonly parameters: readonly DescribedParameter[];
  readonly body?: Schema;
}

interface DescribedParameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

/** Every operation of the document. */
export function describedOf(document: OpenAPIObject): Described[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, RawOperation>).map(([method, operation]) => ({
      operationId: operation.operationId,
      method: method.toUpperCase(),
      path,
      parameters: (operation.parameters ?? []).filter((parameter) => parameter.name !== undefined),
      body: operation.requestBody?.content?.['application/json']?.schema,
    })),
  );
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: DescribedParameter[];
  readonly requestBody?: { readonly content?: Record<string, { schema?: Schema }> };
}

/** Requests to an operation: sound, nearly sound and hostile in path, query, headers and body. */
export function requestTo(
  operation: Described,
  document: OpenAPIObject,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<Sent> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
  const path = fc
    .tuple(
      ...inPath.map(({ name, schema }) => pathValue(known[name] ?? [], schema ?? {}).map((value) => [name, value])),
    )
    .map((pairs) => {
      const values = Object.fromEntries(pairs as [string, string][]);
      return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]);
    });
  return fc
    .record({ path, query: queryOf(operation), headers: oddHeaders(), body: bodyOf(operation, document) })
    .map(({ path: at, query, headers, body }) => ({
      method: operation.method,
      path: `${at}${query === '' ? '' : `?${query}`}`,
      headers: { ...ADMINISTRATOR, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body,
    }));
}

/** What stands in a path must not contain what ends it, or it would be another path. */
function pathValue(known: readonly string[], schema: Schema): fc.Arbitrary<string> {
  const encoded = fc
    .oneof(sound(schema, {}), hostile)
    .map((value) => safely(String(textOf(value)).slice(0, 4_000)) || '%00');
  const odd = fc.constantFrom('%ff', '%', '%2e%2e', '%2F', '1%00', '1;x=1', '0001', '%F0%9F%98%80', '1+1');
  return known.length > 0
    ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, encoded, odd)
    : fc.oneof(encoded, odd);
}

function queryOf({ parameters }: Described): fc.Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const parts = inQuery.map(({ name, schema = {} }) => {
    const pair = fc
      .oneof({ weight: 3, arbitrary: sound(schema, {}) }, hostile)
      .map((value) => `${name}=${safely(textOf(value))}`);
    const odd = fc.constantFrom(
      `${name}=1&${name}=2`,
      `${name}[a]=1`,
      `${name}[]=1`,
      `${name}[__proto__]=1`,
      `${name}=%ff`,
      name,
    );
    return fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 4, arbitrary: pair }, odd);
  });
  const stranger = fc.oneof(
    { weight: 9, arbitrary: fc.constant('') },
    fc.constantFrom('x=1', '__proto__[a]=1', '&&==', 'a[b][c]=1'),
  );
  return fc.tuple(...parts, stranger).map((all) =>
    all
      .filter((part) => part !== '')
      .join('&')
      .slice(0, 6_000),
  );
}

function bodyOf({ body }: Described, document: OpenAPIObject): fc.Arbitrary<string | undefined> {
  if (!body) return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, fc.constantFrom('{}', '{', 'null'));
  const schemas = schemasOf(document);
  const written = fc.oneof(sound(body, schemas), almost(body, schemas), hostile).map((value) => JSON.stringify(value));
  const broken = fc.oneof(
    fc.constantFrom(
      '',
      '{',
      '{"a":',
      '[1,2',
      'nul',
      '{"a":1}{"b":2}',
      `"${'x'.repeat(70_000)}"`,
      '\ufeff{}',
      '{"name":"\\ud800"}',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  return fc.oneof({ weight: 5, arbitrary: written }, broken);
}

function oddHeaders(): fc.Arbitrary<Record<string, string>> {
  const type = fc.constantFrom(
    'text/plain',
    'application/xml',
    'application/json; charset=utf-16',
    'application/json; charset=nonsense',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/problem+json',
    'x',
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    type.map((value) => ({ 'content-type': value })),
    fc.constantFrom<Record<string, string>>(
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'nonsense' },
      { accept: 'text/html' },
      { 'x-request-id': 'short' },
      { 'idempotency-key': 'not visible: \u00e4' },
      { 'if-match': '*' },
      { range: 'bytes=0-1' },
      { origin: 'null' },
    ),
    fc.uuid().map((key) => ({ 'idempotency-key': key })),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Half a character cannot be written in a URL. */
function safely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
