import { AppError } from '@app/kernel';

/** An entry was to hold what must never be in the log. A defect of the caller; the entry is not written. */
export class AuditDetailRefusedError extends AppError {
  readonly code = 'audit/detail-refused';
  readonly kind = 'internal';

  constructor(key: string) {
    super(`The audit log takes no "${key}": PINs and templates are told by a flag or a digest`);
  }
}
