import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ContractApp, openContractApp } from './contract-app.js';
import { pathOf, routesOf } from './routes.js';
import { ADMINISTRATOR, type Answer, send } from './sending.js';

let contract: ContractApp;
beforeAll(async () => {
  contract = await openContractApp();
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

/** What is wrong with the headers of an answer. */
function faultsOf({ headers }: Answer): string[] {
  const policy = String(headers['content-security-policy']);
  const faults = {
    'may be stored': !String(headers['cache-control']).startsWith('no-store'),
    'may be framed': !policy.includes("frame-ancestors 'none'"),
    'may run scripts of others': !policy.includes("script-src 'self'"),
    'may be taken for another type': headers['x-content-type-options'] !== 'nosniff',
    'sends addresses on': headers['referrer-policy'] !== 'no-referrer',
    'says what the server is made of': headers['x-powered-by'] !== undefined || headers.server !== undefined,
    'is open to pages of other sites': headers['access-control-allow-origin'] !== undefined,
  };
  return Object.entries(faults).flatMap(([fault, isSo]) => (isSo ? [fault] : []));
}

it('protects every answer, be it good, refused, of the documentation or of no route', async () => {
  const gets = routesOf(contract).filter(({ method, path }) => method === 'GET' && !/events|progress/.test(path));
  const asked = [
    ...gets.map((route) => pathOf(route)),
    '/api/docs',
    '/api/openapi.json',
    '/api/nothing',
    '/',
    '/%E0%A4%A',
  ];
  const wrong: string[] = [];
  for (const path of new Set(asked)) {
    for (const headers of [{}, ADMINISTRATOR, { ...ADMINISTRATOR, origin: 'https://elsewhere.example' }]) {
      const answer = await send(contract.port, { method: 'GET', path, headers });
      wrong.push(...faultsOf(answer).map((fault) => `${path} (${answer.status}): ${fault}`));
    }
  }
  expect(wrong).toEqual([]);
  expect(gets.length).toBeGreaterThan(20);
});

it('protects the refusal of a body that cannot be read', async () => {
  const headers = { ...ADMINISTRATOR, 'content-type': 'application/json' };
  const answer = await send(contract.port, { method: 'POST', path: '/api/people', headers, body: '{"name": ' });
  expect([answer.status, faultsOf(answer)]).toEqual([400, []]);
});
