import { problemOf } from '@app/http';
import { AppError } from '@app/kernel';
import type { Response } from 'express';
import { importReportView } from '../dto/import-report.view.js';
import { type ImportProgress, type ImportReport } from './people-import.service.js';

/** Tells an import as server-sent events: progress, and at last the report or the problem. */
export class ImportEvents {
  constructor(
    private readonly response: Response,
    private readonly totalBytes: number | undefined,
  ) {}

  readonly progress = ({ stage, receivedBytes, rows }: ImportProgress): void => {
    const bytes = { received_bytes: receivedBytes, total_bytes: this.totalBytes ?? null };
    this.send('progress', { stage, ...bytes, rows });
  };

  /** Begins the stream, does the work, tells how it ended. What we did not foresee is thrown on, for the log. */
  async tell(work: () => Promise<ImportReport>): Promise<void> {
    this.response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no', // a proxy that collects the events would make them useless
    });
    this.response.flushHeaders();
    try {
      this.send('report', importReportView(await work()));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.send('problem', problemOf(error));
    }
    this.response.end();
  }

  private send(event: string, data: unknown): void {
    this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
