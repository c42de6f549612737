import { PROBLEMS_EXTENSION } from '@app/http';
import { type OpenAPIObject } from '@nestjs/swagger';
import { exampleOf, getError } from './error-status.js';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];

const CODE = /^[a-z][a-z-]*\/[a-z0-9-]+$/;
/** What a route can give because it is one: nobody writes these at a route. */
const SHARED = {
  guarded: ['auth/unauthenticated', 'database/gone'],
  // A body is read before anybody knows whether the route wants one.
  any: ['http/400', 'http/413', 'http/415'],
  input: ['http/invalid-request'],
  keyed: [
    'http/bad-idempotency-key',
    'http/idempotency-unsupported',
    'http/idempotency-key-reused',
    'http/idempotency-in-progress',
  ],

  unkept: ['http/idempotency-not-replayable'],
} as const;

/** What kind of route it is, as far as errors go. */
export interface RouteTraits {
  readonly guarded: boolean;
  readonly changing: boolean;
}

/**
 * Gives each status a response with one named example for each code: the codes that the route states, those that a
 * response's description lists, and those that routes of its kind share.
 * @throws {Error} a code is not in the catalogue
 */
export function describeProblems(document: OpenAPIObject, operation: Operation, traits: RouteTraits): void {
  const byStatus = new Map<number, string[]>();
  for (const code of [...new Set([...statedCodes(operation), ...sharedCodes(operation, traits)])].sort()) {
    const { status } = getError(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of byStatus) {
    operation.responses[String(status)] = problemResponse(codes, status);
    for (const code of codes) addExample(document, code);
  }
}

function statedCodes(operation: Operation): string[] {
  const extended = operation as unknown as Record<string, unknown>;
  const codes = (extended[PROBLEMS_EXTENSION] as string[] | undefined) ?? [];
  delete extended[PROBLEMS_EXTENSION];
  return [...codes, ...codesOfDescriptions(operation.responses)];
}

/** `@ApiNotFoundResponse({ description: 'devices/not-found' })` and its like say the codes in words. */
function codesOfDescriptions(responses: Responses): string[] {
  return Object.entries(responses).flatMap(([status, response]) => {
    if (Number(status) < 400 || !response || !('description' in response)) return [];
    return (response.description ?? '').split(/,\s*/).filter((word) => CODE.test(word));
  });
}

function sharedCodes(operation: Operation, { guarded, changing }: RouteTraits): string[] {
  const hasBody = operation.requestBody !== undefined;
  const hasInput = hasBody || (operation.parameters ?? []).length > 0;
  const keyed = guarded && changing;
  return [
    ...SHARED.any,
    ...(guarded ? SHARED.guarded : []),
    ...(hasInput ? SHARED.input : []),
    ...(keyed ? SHARED.keyed : []),
    ...(keyed ? SHARED.unkept : []),
  ];
}

function problemResponse(codes: readonly string[], status: number): Responses[string] {
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${keyOf(code)}` }]));
  const schema = { $ref: '#/components/schemas/ProblemDocument' };
  const mayRetry = status === 503 || status === 429 || codes.includes('http/idempotency-in-progress');
  return {
    description: codes.map((code) => `\`${code}\`: ${getError(code).meaning}.`).join(' '),
    ...(mayRetry ? { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } } : {}),
    content: { 'application/problem+json': { schema, examples } },
  } as Responses[string];
}

function addExample(document: OpenAPIObject, code: string): void {
  const examples = (document.components!.examples ??= {});
  examples[keyOf(code)] ??= { summary: getError(code).meaning, value: exampleOf(code) };
}

/** Component names hold no slash. */
function keyOf(code: string): string {
  return code.replaceAll('/', '.');
}
