import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Command, isReadOrSessionCommand } from '@app/zk-protocol';
import fc from 'fast-check';
import { findError } from '../../apps/server/src/openapi/error-catalogue.js';
import { getError } from '../../apps/server/src/openapi/error-status.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { type Described, describedOf, requestTo } from './request-arbitrary.js';
import { type AnswerChecker, answerChecker } from './schema-check.js';
import { type Answer, send } from './sending.js';

/** Requests a route: enough to meet each part of it here, and 2,000 a route with `npm run soak`. */
const REQUESTS = process.env.CHAOS === 'full' ? 2_000 : 60;
const TIMEOUT_MS = process.env.CHAOS === 'full' ? 3_600_000 : 240_000;

let contract: ContractApp;
let check: AnswerChecker;
beforeAll(async () => {
  contract = await openContractApp();
  check = answerChecker(contract.document);
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

/** What is wrong with an answer; undefined: nothing. */
function defectOf(answer: Answer, { operationId, path }: Described, sentPath: string): string | undefined {
  const { status, text, headers } = answer;
  const contentType = String(headers['content-type'] ?? '').split(';')[0];
  if (contentType === 'application/problem+json') {
    const { code } = JSON.parse(text) as { code: string };
    // A path that another one is: `/api/devices/%00` with nothing behind it, say.
    if (code === 'http/404' && sentPath.split('?')[0] !== path) return undefined;
    if (!findError(code)) return `the code ${code} is in no catalogue`;
    if (getError(code).status !== status) return `${code} came with ${status}`;
    const stated = JSON.stringify(contract.document.paths[path]).includes(`"${code}"`);
    if (!stated) return `${code} is not described for this route`;
    return check(operationId, status, contentType, JSON.parse(text));
  }
  if (status >= 400) return `${status} as ${contentType}`;
  if (contentType?.startsWith('text/') || status === 204) return check(operationId, status, contentType, text);
  return check(operationId, status, contentType, JSON.parse(text));
}

it(
  `answers ${REQUESTS} requests to each route as the document says: no defect shows, and nothing is written to a terminal without its intent`,
  async () => {
    const known = { id: ['1', contract.device.id, '999999999'], serial_number: [contract.pending.serialNumber] };
    const seen = new Map<string, Set<number>>();
    for (const operation of describedOf(contract.document)) {
      const statuses = new Set<number>();
      seen.set(operation.operationId, statuses);
      await fc.assert(
        fc.asyncProperty(requestTo(operation, contract.document, known), async (sent) => {
          const answer = await send(contract.port, sent);
          statuses.add(answer.status);
          const defect = defectOf(answer, operation, sent.path);
          if (defect !== undefined) throw new Error(`${defect}\nanswer: ${answer.text.slice(0, 500)}`);
        }),
        { numRuns: REQUESTS },
      );
    }
    const written = contract.terminal.journal.outside(isReadOrSessionCommand);
    const changes = written.filter(({ command }) => command === Command.USER_WRITE || command === Command.DELETE_USER);
    const intents = await contract.database.dataSource.query<unknown[]>('select 1 from device_writes');
    expect(changes.length).toBeLessThanOrEqual(intents.length);
    if (intents.length === 0) expect(written).toEqual([]);
    const good = [...seen].filter(([, statuses]) => [...statuses].some((status) => status < 300));
    expect(good.length).toBeGreaterThan(seen.size / 2); // the requests are not all nonsense
    const unforeseen = contract.logged.filter((line) => line.includes('http/unforeseen'));
    expect(unforeseen).toEqual([]);
  },
  TIMEOUT_MS,
);
