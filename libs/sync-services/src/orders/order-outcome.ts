import { DeviceError, type DeviceErrorCode } from '@app/device-gateway';
import { AppError, type ErrorKind } from '@app/kernel';
import { type FinishedRun } from '../run.js';
import { type RunPreview } from '../sync-run.js';

/** A run's end as it is written down for whoever ordered it. Plain JSON. */
export interface WrittenEnd {
  readonly [field: string]: unknown;
}

/** What the other process said of a run that failed there, with its code. */
export class RunElsewhereFailedError extends AppError {
  readonly code: string;
  readonly kind: ErrorKind;

  constructor({ code, kind, message, details }: WrittenError) {
    super(message, { details });
    this.code = code;
    this.kind = kind;
  }
}

interface WrittenError {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly details: Record<string, unknown>;
}

/** Something that we did not foresee is told as such: its text may hold anything. */
export function writeError(error: unknown): WrittenEnd {
  if (error instanceof AppError) {
    const { code, kind, message, details } = error;
    return { code, kind, message, details };
  }
  return {
    code: 'sync/unforeseen',
    kind: 'internal',
    message: 'The run failed in a way that we did not foresee; the log of the server has the details',
    details: {},
  };
}

export function readError(end: WrittenEnd): RunElsewhereFailedError {
  return new RunElsewhereFailedError(end as unknown as WrittenError);
}

export function writeRun(run: FinishedRun): WrittenEnd {
  const { punchFailure, watched: _, ...told } = run;
  return { ...told, punchFailure: punchFailure && { code: punchFailure.code, message: punchFailure.message } };
}

/** What was found, without the findings of the watch, which the other process has told already. */
export function readRun(end: WrittenEnd): FinishedRun {
  const { punchFailure, ...told } = end as unknown as FinishedRun & {
    punchFailure?: { readonly code: DeviceErrorCode; readonly message: string };
  };
  return { ...told, punchFailure: punchFailure && new DeviceError(punchFailure.code, punchFailure.message) };
}

export function writePreview(preview: RunPreview): WrittenEnd {
  return { ...preview };
}

export function readPreview(end: WrittenEnd): RunPreview {
  return end as unknown as RunPreview;
}
