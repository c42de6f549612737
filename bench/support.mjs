import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../scripts/lib/prepare.mjs';

export { root };

/** Loads a library of the built program. */
export function library(name) {
  return import(pathToFileURL(join(root, 'dist', 'libs', name, 'src', 'index.js')).href);
}

export const load = createRequire(join(root, 'package.json'));

/** Starts an emulated terminal in a process of its own; gives its port and how to stop it. */
export async function startTerminal(users, options = {}) {
  const child = fork(join(root, 'bench', 'terminal.mjs'), [JSON.stringify({ users, ...options })]);
  const [{ port }] = await once(child, 'message');
  return { port, stop: () => child.kill('SIGKILL') };
}

/** Milliseconds of the quickest of several rounds: what the code costs, without what else the machine did. */
export async function quickest(rounds, work) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    await work();
    best = Math.min(best, performance.now() - startedAt);
  }
  return best;
}

/** A folder to work in, removed by `remove`. */
export function scratchFolder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function printTable(title, head, rows) {
  const Table = load('cli-table3');
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  process.stdout.write(`\n${title}\n${table.toString()}\n`);
}

export const ms = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : 'failed');
export const times = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 0)} ×` : '–');
