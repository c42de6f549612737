import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { operationsOf, printDocument } from '../../apps/server/src/openapi/describe-api.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { answerChecker } from './schema-check.js';

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
