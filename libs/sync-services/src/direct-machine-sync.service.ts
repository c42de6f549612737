import { type Device } from '@app/devices';
import { type Actor, AppError, BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { RunsAnywhere } from './orders/runs-anywhere.js';
import { RunProgressBoard } from './run-progress.board.js';
import { type FinishedRun, type RunProgress } from './run.js';

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
  private readonly background = new BackgroundWork();

  constructor(
    private readonly runs: RunsAnywhere,
    private readonly board: RunProgressBoard,
  ) {}

  /** Reads the device and answers when the run has ended. @throws {SyncFailedError} */
  async syncNow(device: Device, request: DirectSyncRequest): Promise<FinishedRun> {
    const { finished } = await this.start(device, request);
    return finished;
  }

  /** Begins a run and answers at once; who leaves does not end it, and its progress is on the board. */
  async start(device: Device, request: DirectSyncRequest): Promise<StartedRun> {
    return new Promise<StartedRun>((resolve, reject) => {
      let runId: string | undefined;
      const finished = this.execute(device, request, (id) => {
        runId = id;
        resolve({ runId: id, finished });
      });
      finished.catch((error: unknown) => {
        // A foreseen failure has its run row, its audit entry and its log line; a run that never began has its caller.
        if (runId === undefined) reject(error);
        else if (!(error instanceof AppError)) this.logger.error(error);
      });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async execute(
    device: Device,
    { actor, signal, onProgress }: DirectSyncRequest,
    onStarted: (runId: string) => void,
  ): Promise<FinishedRun> {
    let runId: string | undefined;
    try {
      return await this.background.run((stopping) =>
        this.runs.execute(device, {
          service: DirectMachineSync.serviceName,
          actor,
          signal: signal ? AbortSignal.any([signal, stopping]) : stopping,
          onStarted: (id) => {
            runId = id;
            this.board.begin(id);
            onStarted(id);
          },
          onProgress: (progress) => {
            if (runId !== undefined) this.board.show(runId, progress);
            onProgress?.(progress);
          },
        }),
      );
    } finally {
      if (runId !== undefined) this.board.end(runId);
    }
  }
}
