import { AsyncLocalStorage } from 'node:async_hooks';

const requests = new AsyncLocalStorage<string>();

/** Runs `work` inside a request: every log line that it causes carries the id. */
export function withRequestId<T>(id: string, work: () => T): T {
  return requests.run(id, work);
}

/** The id of the request that we are in; undefined outside of one. */
export function currentRequestId(): string | undefined {
  return requests.getStore();
}
