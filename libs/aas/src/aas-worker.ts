import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '@app/kernel';
import { type AasContents, type AasPunch } from './aas-contents.js';
import {
  type AasWorkerAnswer,
  type AasWorkerData,
  type AasWorkerRequest,
  type OrderedPunch,
} from './aas-worker.protocol.js';
import { openCsv } from './csv-contents.js';
import { openMdb } from './mdb-contents.js';

/**
 * The whole program of the thread that reads a file: opens it once, proves all of it, then hands out punches batch by
 * batch, when they are asked for. What it has read is its own copy: nobody can change it in between.
 */
const { path, kind, password, clocks } = workerData as AasWorkerData;
const BATCH = 5_000;
let contents: AasContents | undefined;
let walk: Generator<OrderedPunch> | undefined;

parentPort?.on('message', (request: AasWorkerRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: AasWorkerRequest): AasWorkerAnswer {
  try {
    if (request.ask === 'open') return { summary: open() };
    if (request.ask === 'begin') {
      walk = punchesOf(request.target);
      return { begun: true };
    }
    const batch: OrderedPunch[] = [];
    for (let next = walk?.next(); next && !next.done; next = batch.length < BATCH ? walk?.next() : undefined) {
      batch.push(next.value);
    }
    return { batch };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { refused: { code: error.code, message: error.message, details: { ...error.details } } };
  }
}

function open(): Extract<AasWorkerAnswer, { summary: unknown }>['summary'] {
  const bytes = readFileSync(path);
  contents = kind === 'csv' ? openCsv(bytes) : openMdb(bytes, password);
  const punches: Record<string, number> = {};
  for (const punch of contents.punches()) {
    const target = targetOf(punch) ?? `clock ${punch.clockId ?? 'unknown'}`;
    punches[target] = (punches[target] ?? 0) + 1;
  }
  const { employees, tables, warnings } = contents;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sizeBytes: bytes.length, sha256, employees, tables, warnings, punches };
}

/** Numbers what a terminal cannot tell apart: punches of one user within one second, or one minute. */
function* punchesOf(target: string): Generator<OrderedPunch> {
  const seen = new Map<string, number>();
  for (const punch of contents?.punches() ?? []) {
    if (targetOf(punch) !== target) continue;
    const { deviceUserId, wallTime, preciseTo } = punch;
    const second = preciseTo === 'second' ? wallTime.second : '';
    const key = `${deviceUserId} ${wallTime.year}-${wallTime.month}-${wallTime.day} ${wallTime.hour}:${wallTime.minute}:${second}`;
    const ordinal = (seen.get(key) ?? 0) + 1;
    seen.set(key, ordinal);
    yield { ...punch, ordinal };
  }
}

function targetOf({ clockId }: AasPunch): string | undefined {
  return clocks[String(clockId)] ?? clocks['*'];
}
