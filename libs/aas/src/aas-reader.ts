import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { AbortedError } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { AasFileError, type AasFileErrorCode, unreadable } from './aas.errors.js';
import { type AasSource } from './aas-sources.js';
import {
  type AasSummary,
  type AasWorkerAnswer,
  type AasWorkerData,
  type AasWorkerRequest,
  type OrderedPunch,
} from './aas-worker.protocol.js';

export const AAS_WORKER = Symbol('AAS_WORKER');
/** The compiled program of the reading thread. */
export const STANDARD_AAS_WORKER = new URL('./aas-worker.js', import.meta.url);

/** An Access file can have 2 GiB; one of that size would not be AAS's. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MEMORY_MB = 1_024;

export interface AasReadOptions {
  readonly password?: string;
  readonly clocks: AasWorkerData['clocks'];
  readonly signal?: AbortSignal;
}

/** Reads AAS files in a thread of their own, with bounded memory, and never writes to one. */
@Injectable()
export class AasReader {
  constructor(@Inject(AAS_WORKER) private readonly worker: URL) {}

  /**
   * Reads and proves a whole file. A file that changes meanwhile is not believed.
   * @throws {AasFileError} nothing of the file may be used
   * @throws {AbortedError} `signal` fired
   */
  async open(source: AasSource, options: AasReadOptions): Promise<ProvenAasFile> {
    const { path, kind } = source;
    const before = await stampOf(path);
    if (before.size > MAX_FILE_BYTES) {
      throw new AasFileError('aas/too-large', `The file has ${before.size} bytes; at most ${MAX_FILE_BYTES} are read`);
    }
    const thread = new ReadingThread(
      this.worker,
      { path, kind, password: options.password, clocks: options.clocks },
      options.signal,
    );
    try {
      const summary = await thread.open();
      const after = await stampOf(path);
      if (after.text !== before.text || summary.sizeBytes !== before.size) {
        throw new AasFileError('aas/file-changing', 'The file changed while it was read; it is read again later');
      }
      return new ProvenAasFile(summary, thread);
    } catch (error) {
      await thread.end();
      throw error;
    }
  }
}

/** A file of which every table has been read once, and found whole. Close it: it holds a thread. */
export class ProvenAasFile implements AsyncDisposable {
  constructor(
    readonly summary: AasSummary,
    private readonly thread: ReadingThread,
  ) {}

  /** The punches of one target, batch by batch. @throws {AasFileError} `aas/reader-crashed` @throws {AbortedError} */
  async *punchesOf(target: string): AsyncGenerator<readonly OrderedPunch[]> {
    await this.thread.begin(target);
    for (;;) {
      const batch = await this.thread.next();
      if (batch.length === 0) return;
      yield batch;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thread.end();
  }
}

class ReadingThread {
  private readonly worker: Worker;
  private readonly exited: Promise<undefined>;
  private failure?: Error;

  constructor(
    program: URL,
    data: AasWorkerData,
    private readonly signal?: AbortSignal,
  ) {
    this.worker = new Worker(program, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    this.worker.on('error', (error) => (this.failure = error));
    this.exited = new Promise((resolve) => this.worker.once('exit', () => resolve(undefined)));
    this.signal?.addEventListener('abort', this.onAbort, { once: true });
    if (this.signal?.aborted) this.onAbort();
  }

  async open(): Promise<AasSummary> {
    const answer = await this.ask({ ask: 'open' });
    if ('summary' in answer) return answer.summary;
    throw crashed('it answered something else');
  }

  async begin(target: string): Promise<void> {
    await this.ask({ ask: 'begin', target });
  }

  async next(): Promise<readonly OrderedPunch[]> {
    const answer = await this.ask({ ask: 'next' });
    if ('batch' in answer) return answer.batch;
    throw crashed('it answered something else');
  }

  async end(): Promise<void> {
    this.signal?.removeEventListener('abort', this.onAbort);
    await this.worker.terminate();
  }

  private readonly onAbort = (): void => void this.worker.terminate();

  private async ask(request: AasWorkerRequest): Promise<AasWorkerAnswer> {
    const answered = new Promise<AasWorkerAnswer>((resolve) => this.worker.once('message', resolve));
    this.worker.postMessage(request);
    const answer = await Promise.race([answered, this.exited]);
    if (answer === undefined) throw this.whyItEnded();
    if (!('refused' in answer)) return answer;
    const { code, message, details } = answer.refused;
    throw new AasFileError(code as AasFileErrorCode, message, { details });
  }

  /** That somebody stopped us says nothing about the file. */
  private whyItEnded(): Error {
    if (this.signal?.aborted) return new AbortedError(this.signal.reason);
    return crashed(this.failure?.message ?? 'its thread ended');
  }
}

/** Size, change time and identity: another text means that the file is not what it was. */
async function stampOf(path: string): Promise<{ readonly size: number; readonly text: string }> {
  try {
    const { size, mtimeMs, ctimeMs, ino } = await stat(path);
    return { size, text: `${size} ${mtimeMs} ${ctimeMs} ${ino}` };
  } catch (error) {
    throw unreadable(path, error);
  }
}

function crashed(why: string): AasFileError {
  return new AasFileError(
    'aas/reader-crashed',
    `The reading of the AAS file ended early: ${why}; it is read again later`,
  );
}
