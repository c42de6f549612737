import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { includesRole, type Role } from '@app/kernel';
import { TEST_TOKEN } from '@test/support';
import { everyCaller, type TestCaller } from './callers.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { effectsOf } from './effects.js';
import { apiRoutesOf, pathOf, type Route, routesOf } from './routes.js';
import { send } from './sending.js';

/** Every route with every caller, on a machine that may be busy. */
jest.setTimeout(180_000);

/** docs/permissions.md, by method and path. */
function readPermissions(): Map<string, Role | 'public'> {
  const rows = readFileSync('docs/permissions.md', 'utf8').matchAll(
    /^\|\s*([A-Z]+)\s*\|\s*(\/\S*)\s*\|\s*(\w+)\s*\|/gm,
  );
  return new Map([...rows].map(([, method, path, who]) => [`${method} ${path}`, who as Role | 'public']));
}

let contract: ContractApp;
let callers: TestCaller[];
beforeAll(async () => {
  contract = await openContractApp();
  callers = await everyCaller(contract);
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

/** What the caller must be told; undefined: whatever the route itself has to say. */
function expectedStatus(permission: Role | 'public', { role }: TestCaller): number | undefined {
  if (permission === 'public') return undefined;
  if (role === undefined) return 401;
  return includesRole(role, permission) ? undefined : 403;
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

describe('every route of the running program', () => {
  it('stands in docs/permissions.md, and nothing else does', () => {
    expect([...readPermissions().keys()].sort()).toEqual(apiRoutesOf(contract).map(nameOf).sort());
  });

  it('stands in the API description, and nothing else does', () => {
    const documented = Object.entries(contract.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(documented.sort()).toEqual(apiRoutesOf(contract).map(nameOf).sort());
  });

  it('lets in whom it should and nobody else, and turning away has no effect', async () => {
    const permissions = readPermissions();
    const wrong: string[] = [];
    for (const route of apiRoutesOf(contract)) {
      const permission = permissions.get(nameOf(route)) ?? 'administrator';
      for (const caller of callers) {
        const before = await effectsOf(contract);
        const path = `${pathOf(route)}${caller.name.includes('query') ? `?token=${TEST_TOKEN}&access_token=${TEST_TOKEN}` : ''}`;
        const headers = { ...caller.headers, 'content-type': 'application/json' };
        const body = route.method === 'GET' ? undefined : '{}';
        const { status } = await send(contract.port, { method: route.method, path, headers, body });
        const expected = expectedStatus(permission, caller);
        const fits = expected === undefined ? ![401, 403].includes(status) && status < 500 : status === expected;
        if (!fits) wrong.push(`${nameOf(route)} for ${caller.name}: ${status} instead of ${expected ?? 'another'}`);
        if (expected !== undefined) expect(await effectsOf(contract)).toEqual(before);
      }
    }
    expect(wrong).toEqual([]);
    expect(apiRoutesOf(contract).length).toBeGreaterThan(10);
  });

  it('that describes the API wants a token, too', async () => {
    const described = routesOf(contract).filter(({ path }) => /^\/api\/(docs|openapi)/.test(path));
    expect(described.length).toBeGreaterThan(1);
    for (const route of described) {
      // These pages take a token as a password too, so that only who has none at all is turned away.
      for (const { headers } of callers.filter(({ name }) => !/administrator|operator|viewer|scheme|two/.test(name))) {
        const { status } = await send(contract.port, { method: route.method, path: pathOf(route), headers });
        expect([route.path, status]).toEqual([route.path, 401]);
      }
    }
  });

  it('answers 404 where there is no route, with or without a token, and tells nothing', async () => {
    for (const headers of [{}, callers[0].headers]) {
      const { status, text } = await send(contract.port, { method: 'GET', path: '/api/nothing/here', headers });
      expect([status, JSON.parse(text)]).toEqual([404, expect.objectContaining({ code: 'http/404' })]);
    }
  });
});
