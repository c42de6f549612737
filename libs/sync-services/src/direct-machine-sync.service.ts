import { type Device } from '@app/devices';
import { type Actor, AbortedError, AppError } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { RunProgressBoard } from './run-progress.board.js';
import { type FinishedRun, type RunProgress } from './run.js';
import { SyncRun } from './sync-run.js';

/** Who wants the run, and who wants to watch. */
export interface DirectSyncRequest {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** A run under way: its number from the first moment, and its end. */
export interface StartedRun {
  readonly runId: string;
  /** Rejects with SyncFailedError. */
  readonly finished: Promise<FinishedRun>;
}

/** `directMachineSync`: one device now, for an administrator or a program, with live progress. Read-only by construction. */
@Injectable()
export class DirectMachineSync implements BeforeApplicationShutdown {
  static readonly serviceName = 'directMachineSync';
  private readonly logger = new Logger(DirectMachineSync.name);
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly syncRun: SyncRun,
    private readonly board: RunProgressBoard,
  ) {}

  /** Reads the device and answers when the run has ended. @throws {SyncFailedError} */
  async syncNow(device: Device, request: DirectSyncRequest): Promise<FinishedRun> {
    const { finished } = await this.start(device, request);
    return finished;
  }

  /** Begins a run and answers at once; who leaves does not end it, and its progress is on the board. */
  async start(device: Device, { actor, signal, onProgress }: DirectSyncRequest): Promise<StartedRun> {
    const ending = signal ? AbortSignal.any([signal, this.stopping.signal]) : this.stopping.signal;
    return new Promise<StartedRun>((resolve, reject) => {
      let runId: string | undefined;
      const finished = this.syncRun.execute(device, {
        service: DirectMachineSync.serviceName,
        actor,
        signal: ending,
        onStarted: (id) => {
          runId = id;
          this.board.begin(id);
          resolve({ runId: id, finished });
        },
        onProgress: (progress) => {
          if (runId !== undefined) this.board.show(runId, progress);
          onProgress?.(progress);
        },
      });
      this.keep(finished, () => runId).then(undefined, reject);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(new AbortedError(new Error('the server is stopping')));
    await Promise.allSettled(this.running);
  }

  /** Whether anybody waits for it or not, a run that fails must not fail unheard; a run that never began is rejected. */
  private async keep(finished: Promise<FinishedRun>, runId: () => string | undefined): Promise<void> {
    this.running.add(finished);
    try {
      await finished;
    } catch (error) {
      if (runId() === undefined) throw error;
      // A foreseen failure has its run row, its audit entry and its log line.
      if (!(error instanceof AppError)) this.logger.error(error);
    } finally {
      this.running.delete(finished);
      const id = runId();
      if (id !== undefined) this.board.end(id);
    }
  }
}
