import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../apps/server/src/openapi/error-catalogue.js';
import { errorsPage } from '../../apps/server/src/openapi/errors-page.js';
import { operationsOf, printDocument } from '../../apps/server/src/openapi/describe-api.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { answerChecker } from './schema-check.js';

/** Codes of the filter, which has no class for them. */
const CODES_WITHOUT_CLASS = ['http/400', 'http/404', 'http/413', 'http/415'];

let contract: ContractApp;
beforeAll(async () => {
  contract = await openContractApp();
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

describe('docs/openapi.json', () => {
  it('is what the running program says', () => {
    const remedy = 'the contract has changed: run `npm run openapi` and commit docs/openapi.json';
    const committed = readFileSync('docs/openapi.json', 'utf8');
    if (committed !== printDocument(contract.document)) {
      expect(JSON.parse(committed)).toEqual(JSON.parse(printDocument(contract.document)));
      throw new Error(remedy);
    }
  });

  it('is complete: every operation has a name, a summary, a group, a good answer and described parameters', () => {
    const operations = operationsOf(contract.document);
    const gaps = operations.flatMap(({ operationId, summary, tags, responses, parameters = [] }) => [
      ...(summary && tags?.length === 1 ? [] : [`${operationId}: summary or tag`]),
      ...(Object.keys(responses).some((status) => status.startsWith('2')) ? [] : [`${operationId}: no good answer`]),
      ...parameters.flatMap((it) => ('$ref' in it || it.description ? [] : [`${operationId}: parameter ${it.name}`])),
    ]);
    expect(gaps).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it('gives for every good answer an example that fits its own schema, and for every bad one a problem document', () => {
    const check = answerChecker(contract.document);
    let examples = 0;
    for (const { operationId, responses } of operationsOf(contract.document)) {
      for (const [status, response] of Object.entries(responses)) {
        if (!response || '$ref' in response) throw new Error(`${operationId} ${status} is not written out`);
        const types = Object.keys(response.content ?? {});
        if (Number(status) >= 400) expect(types).toEqual(['application/problem+json']);
        const example = response.content?.['application/json']?.example as unknown;
        if (example === undefined) continue;
        examples += 1;
        expect([operationId, check(operationId ?? '', Number(status), 'application/json', example)]).toEqual([
          operationId,
          undefined,
        ]);
      }
    }
    expect(examples).toBeGreaterThan(10);
    for (const example of Object.values(contract.document.components?.examples ?? {})) {
      expect((example as { value: object }).value).toMatchObject({
        code: expect.any(String),
        status: expect.any(Number),
      });
    }
  });

  it('holds no page larger than 200: every list that is paged says so', () => {
    for (const { operationId, parameters = [] } of operationsOf(contract.document)) {
      const named = parameters.flatMap((it) => ('$ref' in it ? [] : [it]));
      const limit = named.find(({ name }) => name === 'limit');
      const cursor = named.find(({ name }) => name === 'cursor');
      if (cursor) expect([operationId, limit?.name]).toEqual([operationId, 'limit']);
      if (!limit) continue;
      const { maximum, ...schema } = limit.schema as { maximum?: number };
      expect(schema).toMatchObject({ type: 'integer', minimum: 1 });
      expect(maximum).toBeLessThanOrEqual(200);
    }
  });
});

describe('the catalogue of errors', () => {
  it('has every code of the program that is not a defect, and no other', () => {
    expect([...ERROR_CODES]).toEqual([...codesInSource(), ...CODES_WITHOUT_CLASS].sort());
  });

  it('is docs/errors.md', () => {
    expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsPage());
  });
});

/** Codes of classes whose kind is `internal` are told to nobody but the log. */
function codesInSource(): string[] {
  const codes = new Set<string>();
  for (const file of [...filesOf('libs'), ...filesOf('apps')]) {
    const text = readFileSync(file, 'utf8');
    for (const [body] of text.matchAll(/^(export )?(abstract )?class \w+ extends (AppError|DeviceError)[\s\S]*?^}/gm)) {
      const code = /readonly code = '([^']+)'/.exec(body)?.[1];
      if (code !== undefined && !body.includes(`readonly kind = 'internal'`)) codes.add(code);
    }
    const internal = new Set([...text.matchAll(/'([a-z-]+\/[a-z-]+)': 'internal'/g)].map(([, code]) => code));
    for (const [union] of text.matchAll(/^export type \w+ErrorCode =[\s\S]*?;/gm)) {
      for (const [, code] of union.matchAll(/'([a-z-]+\/[a-z-]+)'/g)) if (!internal.has(code)) codes.add(code);
    }
  }
  return [...codes];
}

function filesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).map((name) => join(folder, name));
}
