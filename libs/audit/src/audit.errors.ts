import { AppError } from '@app/kernel';

/** A document that should hold kept heads does not. */
export class KeptHeadsError extends AppError {
  readonly code = 'audit/bad-kept-heads';
  readonly kind = 'invalid';

  constructor(why: string, options: { cause?: unknown } = {}) {
    super(`The kept heads cannot be read: ${why}; give the file that \`audit verify --json\` wrote`, options);
  }
}

/** An entry was to hold what must never be in the log. A defect of the caller; the entry is not written. */
export class AuditDetailRefusedError extends AppError {
  readonly code = 'audit/detail-refused';
  readonly kind = 'internal';

  constructor(key: string) {
    super(`The audit log takes no "${key}": PINs and templates are told by a flag or a digest`);
  }
}
