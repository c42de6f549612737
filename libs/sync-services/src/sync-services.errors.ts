import { AppError, type ErrorKind } from '@app/kernel';

/** A run failed; carries the code of what failed it, and the run that the story stands in. */
export class SyncFailedError extends AppError {
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(runId: string, cause: AppError) {
    super(cause.message, { cause, details: { ...cause.details, syncRunId: runId } });
    this.code = cause.code;
    this.kind = cause.kind;
  }
}

/** No run has this id. */
export class SyncRunNotFoundError extends AppError {
  readonly code = 'sync/run-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`No sync run has the id ${id}`);
  }
}

/** Another server did the same work while this one waited for its turn; nothing is wrong. */
export class RunSupersededError extends AppError {
  readonly code = 'sync/superseded';
  readonly kind = 'conflict';

  constructor() {
    super('Another server has read this device meanwhile');
  }
}
