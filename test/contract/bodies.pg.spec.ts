import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { exampleFor, type Schema, schemasOf } from '../../apps/server/src/openapi/schemas.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { effectsOf } from './effects.js';
import { type Answer, codeOfAnswer, sendJson } from './sending.js';

/** Properties that a careless program would take over into its rows, its objects or its queries. */
const DANGEROUS: readonly string[] = [
  '"__proto__": {"admin": true}',
  '"constructor": {"prototype": {"admin": true}}',
  '"prototype": {"admin": true}',
  '"id": "1"',
  '"role": "administrator"',
  '"is_admin": true',
  '"admin": true',
  '"is_demo": true',
  '"created_at": "2000-01-01T00:00:00Z"',
  '"updated_at": null',
  '"password_hash": "x"',
  '"comm_key_encrypted": "x"',
  '"serial_number": "OTHER"',
  '"host": "127.0.0.1"',
  '"$where": "1"',
  '"$ne": null',
  '"toString": "x"',
  '"valueOf": 1',
  '"hasOwnProperty": 1',
  '"toJSON": "x"',
  '"then": 1',
  '"length": 1',
  '"": 1',
];

interface Writable {
  readonly method: string;
  readonly path: string;
  readonly body: Schema;
  /** Whether there has to be one. */
  readonly required: boolean;
}

let contract: ContractApp;
beforeAll(async () => {
  contract = await openContractApp();
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

/** Every operation with a JSON body, at a path whose parameters belong to something that is there. */
function writables({ document, device, pending }: ContractApp): Writable[] {
  const values: Record<string, string> = { id: device.id, serial_number: pending.serialNumber };
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(
      operations as Record<
        string,
        { requestBody?: { required?: boolean; content?: Record<string, { schema?: Schema }> } }
      >,
    )
      .filter(([, { requestBody }]) => requestBody?.content?.['application/json']?.schema !== undefined)
      .map(([method, { requestBody }]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '999999999'),
        body: requestBody!.content!['application/json'].schema!,
        required: requestBody!.required !== false,
      })),
  );
}

/** The places in a sound body where an object stands: the whole, and what it nests. */
function withExtra(value: unknown, extra: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, at) =>
      withExtra(item, extra).map((text) => `[${value.map((it, i) => (i === at ? text : JSON.stringify(it))).join()}]`),
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const written = entries.map(([key, inner]) => `${JSON.stringify(key)}: ${JSON.stringify(inner)}`);
  const nested = entries.flatMap(([key, inner], at) =>
    withExtra(inner, extra).map(
      (text) => `{${written.map((it, i) => (i === at ? `${JSON.stringify(key)}: ${text}` : it)).join()}}`,
    ),
  );
  return [`{${[...written, extra].join()}}`, ...nested];
}

/** A schema with all that it refers to, as text. */
function writtenOut(schema: Schema, schemas: Readonly<Record<string, Schema>>): string {
  const text = JSON.stringify(schema);
  const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
  return [text, ...names.map((name) => writtenOut(schemas[name], schemas))].join();
}

it('no writable body takes a property that is not its own, at any depth, and none has an effect', async () => {
  const all = writables(contract);
  expect(all.length).toBeGreaterThanOrEqual(3);
  const before = await effectsOf(contract);
  const taken: string[] = [];
  for (const { method, path, body } of all) {
    const sound = exampleFor(body, schemasOf(contract.document));
    // A property of its own is no extra one.
    const own = writtenOut(body, schemasOf(contract.document));
    for (const extra of DANGEROUS.filter((it) => !own.includes(`${it.slice(0, it.indexOf(':'))}:{`))) {
      for (const text of withExtra(sound, extra)) {
        const answer = await sendJson(contract.port, method, path, undefined, text);
        if (!isRefused(answer)) taken.push(`${method} ${path} ${text}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
  }
  expect(taken).toEqual([]);
  expect(await effectsOf(contract)).toEqual(before);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
}, 120_000);

/** Refused as a whole, or row by row where each row is answered by itself. */
function isRefused(answer: Answer): boolean {
  if (answer.status === 400) return codeOfAnswer(answer) === 'http/invalid-request';
  const { results = [] } =
    answer.status === 200 ? (JSON.parse(answer.text) as { results?: { outcome: string }[] }) : {};
  return results.length > 0 && results.every(({ outcome }) => outcome === 'refused');
}

it('and a body that is no object is refused', async () => {
  for (const { method, path, required } of writables(contract)) {
    for (const text of ['[]', '[{}]', 'null', '1', '"x"', 'true', '{', '', '{"name": "a", "name": ["b"]}']) {
      const answer = await sendJson(contract.port, method, path, undefined, text);
      expect([method, path, text, answer.status < 500]).toEqual([method, path, text, true]);
      if (text === '' && !required) continue;
      if (method === 'POST') expect([method, path, text, answer.status]).toEqual([method, path, text, 400]);
    }
  }
});
